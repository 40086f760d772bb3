package teams

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"parley/bot/teams/fact"
	"parley/bot/teams/graph"
	"parley/bot/teams/organisation"
	"parley/bot/teams/teamsfake"
	"parley/bot/teams/teamsfake/tenant"
	"parley/bridge"
	"parley/channels"
)

// attach lets a person attach a file in Ann's thread, and gives what Parley makes of it.
func (w *world) attach(d *desk, who, root string, f teamsfake.NewFile) bridge.SurfaceFile {
	w.t.Helper()
	id, err := w.fake.As(who).Post(teamsfake.Post{Channel: w.channel, Root: root, Text: "Here it is", Files: []teamsfake.NewFile{f}})
	must(w.t, err)
	a := w.accepted(d, fact.MessageID(w.channel, id))
	if len(a.Files) != 1 {
		w.t.Fatalf("%d files", len(a.Files))
	}
	return a.Files[0]
}

// keep puts a file somewhere, and gives its address.
func (w *world) keep(who, channel string, f teamsfake.NewFile) string {
	w.t.Helper()
	f.Data = []byte("kept " + f.Name)
	_, err := w.fake.As(who).Post(teamsfake.Post{Channel: channel, Files: []teamsfake.NewFile{f}})
	must(w.t, err)
	w.settled() // Parley has looked where it lies
	for _, kept := range w.fake.Files() {
		if kept.Name == f.Name && !kept.Elsewhere {
			return kept.URL
		}
	}
	w.t.Fatalf("%s isn't kept", f.Name)
	return ""
}

// otherChannels are a team's that Ann is in, and a private channel's of the helpdesk's own team.
func (w *world) otherChannels() (team, private string) {
	hr := w.fake.Admin.AddTeam(teamsfake.Team{Name: "HR"})
	return hr.ID, w.fake.Admin.AddChannel(teamsfake.Channel{Team: w.team, Name: "Leads", Kind: tenant.KindPrivate, Members: []string{ann, ben}}).ID
}

// refusedFile reports whether a file isn't read because of where it lies, now or later.
func (w *world) refusedFile(f bridge.SurfaceFile) bool {
	if f.Unavailable == fileElsewhere && f.URL == "" {
		return true
	}
	_, err := w.s.Open(within(w.t), f)
	var se *channels.SendError
	return errors.As(err, &se) && se.Class == channels.BadContent && strings.Contains(se.Text, fileElsewhere)
}

// TestFilesElsewhere: a message may say any address; what lies in the channel's site or in its
// author's OneDrive goes to the customer, and nothing else.
func TestFilesElsewhere(t *testing.T) {
	t.Parallel()
	w, d, root, _ := talk(t)
	hr, private := w.otherChannels()
	other := w.fake.Admin.AddChannel(teamsfake.Channel{Team: w.team, Name: "Plans"}).ID
	mine, hers := w.keep(ann, w.channel, teamsfake.NewFile{Name: "100% plan ü.pdf"}), w.keep(ann, w.channel, teamsfake.NewFile{Name: "own.pdf", OneDrive: true})
	his := w.keep(ben, w.channel, teamsfake.NewFile{Name: "diary.pdf", OneDrive: true})
	pay, leads, plans := w.keep(ann, hr, teamsfake.NewFile{Name: "pay.pdf"}), w.keep(ann, private, teamsfake.NewFile{Name: "leads.pdf"}), w.keep(ann, other, teamsfake.NewFile{Name: "plans.pdf"})
	u, err := url.Parse(mine)
	must(t, err)
	site := strings.Join(strings.Split(mine, "/")[:5], "/")
	away := func(dots string) string { return site + "/" + dots + strings.TrimPrefix(pay, w.fake.URL()+"/sites") }
	for _, ok := range []string{mine, hers, plans, strings.Replace(mine, "/sites/", "/SITES/", 1), site + "/x/../" + strings.TrimPrefix(mine, site+"/"), mine + "?web=1"} {
		f := w.attach(d, ann, root, teamsfake.NewFile{Name: "x.pdf", URL: ok})
		if f.Unavailable != "" || !strings.HasPrefix(read(t, w, f), "kept ") {
			t.Errorf("%s: %+v", ok, f)
		}
	}
	calls, asked := len(w.fake.Calls("graph.file")), len(w.fake.Calls("graph.folder"))+len(w.fake.Calls("graph.drive"))
	for _, elsewhere := range []string{
		his, pay, leads, away(".."), away("%2e%2e"), away("%252e%252e"), away("..%20"), away("x%5c..%5c.."),
		strings.Replace(mine, u.Host, u.Host+".evil.example", 1), strings.Replace(mine, u.Host, "evil"+u.Host, 1), strings.Replace(mine, u.Host, "127.0.0.1", 1),
		strings.Replace(mine, "//", "//ann@", 1), strings.Replace(mine, "http:", "https:", 1), site, site + "/", site + "2/Shared%20Documents/x.pdf",
		fact.Origin{Channel: hr, Author: ben}.Seal(pay), "teams:?%zz", "x.pdf",
	} {
		for _, f := range []teamsfake.NewFile{{Name: "x.pdf", URL: elsewhere}, {Name: "x.png", URL: elsewhere, Image: true}} {
			if got := w.attach(d, ann, root, f); !w.refusedFile(got) {
				t.Errorf("%s (picture %v): %+v", elsewhere, f.Image, got)
			}
		}
	}
	if f := w.attach(d, ben, root, teamsfake.NewFile{Name: "x.pdf", URL: hers}); !w.refusedFile(f) {
		t.Errorf("of Ann's OneDrive, by Ben: %+v", f)
	}
	if !w.refusedFile(bridge.SurfaceFile{Name: "x.pdf", URL: mine}) {
		t.Error("what was stored without its origin is read")
	}
	if more := len(w.fake.Calls("graph.file")) - calls; more != 0 {
		t.Errorf("%d files asked for", more)
	}
	if more := len(w.fake.Calls("graph.folder")) + len(w.fake.Calls("graph.drive")) - asked; more != 0 {
		t.Errorf("asked %d times more where files lie", more)
	}
}

// TestFilesAskedLater: while Graph can't say where files lie, none is read; once it can, they are.
func TestFilesAskedLater(t *testing.T) {
	t.Parallel()
	w, d, root, _, later := talkLater(t)
	hr, _ := w.otherChannels()
	mine, hers, pay := w.keep(ann, w.channel, teamsfake.NewFile{Name: "plan.pdf"}), w.keep(ann, w.channel, teamsfake.NewFile{Name: "own.pdf", OneDrive: true}), w.keep(ann, hr, teamsfake.NewFile{Name: "pay.pdf"})
	files := map[string]bridge.SurfaceFile{}
	for _, c := range []struct {
		method  string
		status  int
		address string
	}{
		{"graph.folder", 503, mine}, {"graph.folder", 404, mine}, {"graph.folder", 400, pay}, {"graph.drive", 503, hers}, {"graph.drive", 502, pay}, {"graph.*", 500, hers},
	} {
		later(2 * libraryLifetime) // nothing is remembered
		fault := w.fake.Inject(teamsfake.Fault{Method: c.method, Kind: teamsfake.FaultHTTP, Status: c.status})
		f := bridge.SurfaceFile{Name: "x.pdf", URL: fact.Origin{Channel: w.channel, Author: ann}.Seal(c.address)}
		if c.method != "graph.*" {
			f = w.attach(d, ann, root, teamsfake.NewFile{Name: "x.pdf", URL: c.address})
		}
		var se *channels.SendError
		if _, err := w.s.Open(within(t), f); f.Unavailable != "" || !errors.Is(err, errFile) || errors.As(err, &se) || errors.Is(err, errElsewhere) {
			t.Errorf("%s %d: %+v, %v", c.method, c.status, f, err)
		}
		w.fake.ClearFaults(fault)
		files[c.address] = f
	}
	if read(t, w, files[mine]) != "kept plan.pdf" || read(t, w, files[hers]) != "kept own.pdf" || !w.refusedFile(files[pay]) {
		t.Error("they stay unread when Graph can say")
	}
	gone := bridge.SurfaceFile{Name: "gone.pdf", URL: fact.Origin{Channel: w.channel, Author: ann}.Seal(strings.Replace(mine, "plan.pdf", "gone.pdf", 1))}
	if _, err := w.s.Open(within(t), gone); channels.ClassOf(err) != channels.BadContent || !strings.Contains(err.Error(), "deleted") {
		t.Errorf("a deleted file: %v", err)
	}
	for _, status := range []int{400, 403, 404} { // who has no OneDrive, or none that we may know of
		later(2 * libraryLifetime)
		fault := w.fake.Inject(teamsfake.Fault{Method: "graph.drive", Kind: teamsfake.FaultHTTP, Status: status})
		if read(t, w, files[mine]) != "kept plan.pdf" || !w.refusedFile(files[hers]) {
			t.Errorf("drive %d", status)
		}
		w.fake.ClearFaults(fault)
	}
	w.fake.Inject(teamsfake.Fault{Method: "graph.folder", Kind: teamsfake.FaultHTTP, Status: 403, Code: "Forbidden"})
	later(2 * libraryLifetime)
	if _, err := w.s.Open(within(t), files[mine]); !errors.Is(err, graph.ErrNotGranted) || !strings.Contains(err.Error(), fact.NoFileAccess) {
		t.Errorf("with Files.Read.All, while the folder isn't shown: %v", err)
	} else if class := channels.ClassOf(err); class != channels.BadContent {
		t.Errorf("a file that may not be read has class %q, want %q: waiting doesn't help", class, channels.BadContent)
	}
	if !w.s.org.CanRead(w.channel) {
		t.Error("messages count as unreadable for it")
	}
}

// TestFilesOfNamedSites: with Sites.Selected alone Graph doesn't say where files lie; it reads
// those of the sites that an admin named.
func TestFilesOfNamedSites(t *testing.T) {
	t.Parallel()
	w, _, _, _ := talk(t)
	hr, _ := w.otherChannels()
	mine, pay := w.keep(ann, w.channel, teamsfake.NewFile{Name: "plan.pdf"}), w.keep(ann, hr, teamsfake.NewFile{Name: "pay.pdf"})
	w.fake.Admin.NameSite(w.channel)
	for _, c := range []struct {
		rights []string
		open   bool
	}{
		{[]string{tenant.PermitMessages, tenant.PermitSites}, true},
		{[]string{tenant.PermitMessages, tenant.PermitSites, "Sites.FullControl.All"}, false},
		{[]string{tenant.PermitMessages}, false},
	} {
		w.fake.Entra.Permit(c.rights...)
		s, err := New(w.s.opt) // whose token isn't older than the grant
		must(t, err)
		f := fact.Origin{Channel: w.channel, Author: ann}
		r, err := s.Open(within(t), bridge.SurfaceFile{Name: "plan.pdf", URL: f.Seal(mine)})
		if (err == nil) != c.open || err != nil && !errors.Is(err, graph.ErrNotGranted) {
			t.Errorf("%v: %v", c.rights, err)
		}
		if err == nil {
			must(t, r.Close())
		}
		if _, err := s.Open(within(t), bridge.SurfaceFile{Name: "pay.pdf", URL: f.Seal(pay)}); !errors.Is(err, graph.ErrNotGranted) {
			t.Errorf("%v, of another site: %v", c.rights, err)
		}
	}
}

// TestCaughtFiles: what only a catch-up found is held to the same, by the author whom Graph names.
func TestCaughtFiles(t *testing.T) {
	t.Parallel()
	w, _, root, _ := talk(t)
	hers := w.keep(ann, w.channel, teamsfake.NewFile{Name: "own.pdf", OneDrive: true})
	for who, ok := range map[string]bool{ann: true, ben: false} {
		a := caughtSay(t, w, graph.Message{ID: "1700000000001", ReplyToID: root, Type: "message", From: &graph.From{User: &graph.Identity{ID: who}},
			Body:        graph.Body{ContentType: "html", Content: `<p>see</p><attachment id="a1"></attachment>`},
			Attachments: []graph.Attachment{{ID: "a1", ContentType: graph.ContentFile, ContentURL: hers, Name: "own.pdf"}}})
		if len(a.Files) != 1 || w.refusedFile(a.Files[0]) == ok {
			t.Errorf("by %s: %+v", who, a.Files)
		}
	}
}

// TestHostedElsewhere: a picture of another channel isn't read for a message of this one.
func TestHostedElsewhere(t *testing.T) {
	t.Parallel()
	w, _, root, p := talk(t)
	other := w.fake.Admin.AddChannel(teamsfake.Channel{Team: w.team, Name: "Plans"}).ID
	post := func(channel, root string) string {
		id, err := p.Post(teamsfake.Post{Channel: channel, Root: root, Files: []teamsfake.NewFile{{Name: "p.png", Data: []byte("\x89PNG\r\n\x1a\n"), Image: true}}})
		must(t, err)
		at := w.fake.GraphURL() + "/teams/" + w.fake.Teams()[0].GroupID + "/channels/" + url.PathEscape(channel) + "/messages/"
		if root != "" {
			at += root + "/replies/"
		}
		return at + id + organisation.HostedPart + w.fake.Message(channel, id).Files[0].ID + "/$value"
	}
	here, there := post(w.channel, root), post(other, "")
	o := fact.Origin{Channel: w.channel, Author: ann}
	if got := read(t, w, bridge.SurfaceFile{Name: "p.png", ContentType: "image/png", URL: o.Seal(here)}); !strings.HasPrefix(got, "\x89PNG") {
		t.Errorf("%q", got)
	}
	for _, address := range []string{o.Seal(there), here} {
		if !w.refusedFile(bridge.SurfaceFile{Name: "p.png", URL: address}) {
			t.Errorf("%s is read", address)
		}
	}
}

// TestBelow: real addresses.
func TestBelow(t *testing.T) {
	t.Parallel()
	place := &url.URL{Scheme: "https", Host: "acme.sharepoint.com", Path: "/sites/Support"}
	const folder = "/sites/Support/Shared%20Documents/"
	for address, want := range map[string]string{
		"https://acme.sharepoint.com/sites/Support/Shared Documents/a b.pdf":        "https://acme.sharepoint.com" + folder + "a%20b.pdf",
		"https://ACME.SharePoint.com" + folder + "100%25%20%23.pdf":                 "https://acme.sharepoint.com" + folder + "100%25%20%23.pdf",
		"https://acme.sharepoint.com" + folder + "Forms/AllItems.aspx?id=/sites/HR": "https://acme.sharepoint.com" + folder + "Forms/AllItems.aspx",
		"https://acme.sharepoint.com:443" + folder + "a.pdf":                        "",
		"https://acme.sharepoint.com:8443" + folder + "a.pdf":                       "",
		"https://ann@acme.sharepoint.com" + folder + "a.pdf":                        "",
		"http://acme.sharepoint.com" + folder + "a.pdf":                             "",
		"https://evil-acme.sharepoint.com" + folder + "a.pdf":                       "",
		"https://acme.sharepoint.com.evil.example" + folder + "a.pdf":               "",
		"https://acme.sharepoint.com/sites/Support2/Shared%20Documents/a.pdf":       "",
		"https://acme.sharepoint.com/sites/Support-Leads/a.pdf":                     "",
		"https://acme.sharepoint.com/sites/Support/../HR/a.pdf":                     "",
		"https://acme.sharepoint.com/sites/Support/%2e%2E/HR/a.pdf":                 "",
		"https://acme.sharepoint.com/sites/Support%2f..%2fHR/a.pdf":                 "",
		"https://acme.sharepoint.com/:b:/s/Support/EabcDEF?e=x":                     "",
		"//acme.sharepoint.com" + folder + "a.pdf":                                  "",
		"": "",
	} {
		got, ok := addressBelow(place, address)
		if got != want || ok != (want != "") {
			t.Errorf("%s: %q, %v", address, got, ok)
		}
	}
	if _, ok := addressBelow(nil, "https://acme.sharepoint.com"+folder+"a.pdf"); ok {
		t.Error("below nothing")
	}
}
