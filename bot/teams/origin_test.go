package teams

import (
	"errors"
	"fmt"
	"net/http"
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

// attachFile has a person attach a file in the conversation's thread, and returns what Parley makes of it.
func (w *world) attachFile(who string, f teamsfake.NewFile) bridge.SurfaceFile {
	w.t.Helper()
	id, err := w.fake.As(who).Post(teamsfake.Post{Channel: w.channel, Root: w.root, Text: "Here it is", Files: []teamsfake.NewFile{f}})
	must(w.t, err)
	a := w.waitAction(fact.MessageID(w.channel, id))
	if len(a.Files) != 1 {
		w.t.Fatalf("got the files %+v, want one", a.Files)
	}
	return a.Files[0]
}

// attachAddress has Ann attach a file that lies at an address.
func (w *world) attachAddress(address string) bridge.SurfaceFile {
	w.t.Helper()
	return w.attachFile(ann, teamsfake.NewFile{Name: "x.pdf", URL: address})
}

// storeFile puts a file with the content "kept NAME" into a channel's library, or into a person's OneDrive, and returns its address.
func (w *world) storeFile(who, channel string, f teamsfake.NewFile) string {
	w.t.Helper()
	f.Data = []byte("kept " + f.Name)
	_, err := w.fake.As(who).Post(teamsfake.Post{Channel: channel, Files: []teamsfake.NewFile{f}})
	must(w.t, err)
	w.waitDelivered() // Parley has looked where it lies
	for _, kept := range w.fake.Files() {
		if kept.Name == f.Name && !kept.Elsewhere {
			return kept.URL
		}
	}
	w.t.Fatalf("%s isn't stored", f.Name)
	return ""
}

// otherChannels makes another team that Ann is in, and a private channel of the helpdesk's own team.
func (w *world) otherChannels() (team, private string) {
	hr := w.fake.Admin.AddTeam(teamsfake.Team{Name: "HR"})
	leads := w.fake.Admin.AddChannel(teamsfake.Channel{Team: w.team, Name: "Leads", Kind: tenant.KindPrivate, Members: []string{ann, ben}})
	return hr.ID, leads.ID
}

// wantFileRefused checks that a file isn't read because of where it lies, now or later.
func (w *world) wantFileRefused(what string, f bridge.SurfaceFile) {
	w.t.Helper()
	if f.Unavailable == fileElsewhere && f.URL == "" {
		return
	}
	_, err := w.surface.Open(w.ctx(), f)
	var se *channels.SendError
	if !errors.As(err, &se) || se.Class != channels.BadContent || !strings.Contains(se.Text, fileElsewhere) {
		w.t.Errorf("%s: got error %v for %+v, want it refused because of where it lies", what, err, f)
	}
}

// countLookups counts how often Graph was asked where files lie.
func (w *world) countLookups() int {
	return len(w.fake.Calls("graph.folder")) + len(w.fake.Calls("graph.drive"))
}

// A message may say any address. What lies in its channel's site or in its author's OneDrive goes to the customer, ...
func TestFilesHere(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	other := w.fake.Admin.AddChannel(teamsfake.Channel{Team: w.team, Name: "Plans"}).ID
	mine := w.storeFile(ann, w.channel, teamsfake.NewFile{Name: "100% plan ü.pdf"})
	site := strings.Join(strings.Split(mine, "/")[:5], "/")
	for name, address := range map[string]string{
		"in the channel's folder":             mine,
		"in the author's OneDrive":            w.storeFile(ann, w.channel, teamsfake.NewFile{Name: "own.pdf", OneDrive: true}),
		"in another channel of the same site": w.storeFile(ann, other, teamsfake.NewFile{Name: "plans.pdf"}),
		"in capital letters":                  strings.Replace(mine, "/sites/", "/SITES/", 1),
		"by a detour":                         site + "/x/../" + strings.TrimPrefix(mine, site+"/"),
		"with a query":                        mine + "?web=1",
	} {
		f := w.attachAddress(address)
		wantEqual(t, name+": why it can't be had", f.Unavailable, "")
		wantEqual(t, name+": it is read", strings.HasPrefix(w.readFile(f), "kept "), true)
	}
}

// ... and nothing else: Graph isn't even asked for it.
func TestFilesElsewhere(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	hr, private := w.otherChannels()
	mine := w.storeFile(ann, w.channel, teamsfake.NewFile{Name: "plan.pdf"})
	hers := w.storeFile(ann, w.channel, teamsfake.NewFile{Name: "own.pdf", OneDrive: true})
	his := w.storeFile(ben, w.channel, teamsfake.NewFile{Name: "diary.pdf", OneDrive: true})
	pay := w.storeFile(ann, hr, teamsfake.NewFile{Name: "pay.pdf"})
	leads := w.storeFile(ann, private, teamsfake.NewFile{Name: "leads.pdf"})
	u, err := url.Parse(mine)
	must(t, err)
	site := strings.Join(strings.Split(mine, "/")[:5], "/")
	away := func(dots string) string { return site + "/" + dots + strings.TrimPrefix(pay, w.fake.URL()+"/sites") }
	w.readFile(w.attachAddress(hers)) // now it is known where this channel's and Ann's files lie
	read, lookups := len(w.fake.Calls("graph.file")), w.countLookups()
	for _, address := range []string{
		his, pay, leads, away(".."), away("%2e%2e"), away("%252e%252e"), away("..%20"), away("x%5c..%5c.."),
		strings.Replace(mine, u.Host, u.Host+".evil.example", 1), strings.Replace(mine, u.Host, "evil"+u.Host, 1), strings.Replace(mine, u.Host, "127.0.0.1", 1),
		strings.Replace(mine, "//", "//ann@", 1), strings.Replace(mine, "http:", "https:", 1), site, site + "/", site + "2/Shared%20Documents/x.pdf",
		fact.Origin{Channel: hr, Author: ben}.Seal(pay), "teams:?%zz", "x.pdf",
	} {
		w.wantFileRefused(address, w.attachAddress(address))
		w.wantFileRefused(address+" as a picture", w.attachFile(ann, teamsfake.NewFile{Name: "x.png", URL: address, Image: true}))
	}
	w.wantFileRefused("Ann's OneDrive, by Ben", w.attachFile(ben, teamsfake.NewFile{Name: "x.pdf", URL: hers}))
	w.wantFileRefused("what was stored without where it came from", bridge.SurfaceFile{Name: "x.pdf", URL: mine})
	wantEqual(t, "files that Graph was asked for", len(w.fake.Calls("graph.file"))-read, 0)
	wantEqual(t, "questions where files lie", w.countLookups()-lookups, 0)
}

// wantFileNotReadNow checks that a file can't be read now, but perhaps later.
func (w *world) wantFileNotReadNow(what string, f bridge.SurfaceFile) {
	w.t.Helper()
	wantEqual(w.t, what+": why it can't be had", f.Unavailable, "")
	_, err := w.surface.Open(w.ctx(), f)
	var se *channels.SendError
	if !errors.Is(err, errFile) || errors.Is(err, errElsewhere) || errors.As(err, &se) {
		w.t.Errorf("%s: got error %v, want one that says that it may be read later", what, err)
	}
}

// fromAnn is a file at an address, which Ann attached in the channel.
func (w *world) fromAnn(address string) bridge.SurfaceFile {
	return bridge.SurfaceFile{Name: "x.pdf", URL: fact.Origin{Channel: w.channel, Author: ann}.Seal(address)}
}

// While Graph can't say where files lie, none is read. Once it can, they are.
func TestFilesAskedLater(t *testing.T) {
	t.Parallel()
	w := newClockedTalk(t)
	hr, _ := w.otherChannels()
	mine := w.storeFile(ann, w.channel, teamsfake.NewFile{Name: "plan.pdf"})
	hers := w.storeFile(ann, w.channel, teamsfake.NewFile{Name: "own.pdf", OneDrive: true})
	pay := w.storeFile(ann, hr, teamsfake.NewFile{Name: "pay.pdf"})
	for _, tt := range []struct {
		method  string
		status  int
		address string
	}{
		{method: "graph.folder", status: 503, address: mine},
		{method: "graph.folder", status: 404, address: mine},
		{method: "graph.folder", status: 400, address: pay},
		{method: "graph.drive", status: 503, address: hers},
		{method: "graph.drive", status: 502, address: pay},
		{method: "graph.*", status: 500, address: hers},
	} {
		w.later(2 * libraryLifetime) // nothing is remembered
		fault := w.fake.Inject(teamsfake.Fault{Method: tt.method, Kind: teamsfake.FaultHTTP, Status: tt.status})
		f := w.fromAnn(tt.address)
		if tt.method != "graph.*" { // then nothing could be attached
			f = w.attachAddress(tt.address)
		}
		w.wantFileNotReadNow(fmt.Sprintf("%s with %s answering %d", tt.address, tt.method, tt.status), f)
		w.fake.ClearFaults(fault)
	}
	wantEqual(t, "the channel's file", w.readFile(w.fromAnn(mine)), "kept plan.pdf")
	wantEqual(t, "the author's file", w.readFile(w.fromAnn(hers)), "kept own.pdf")
	w.wantFileRefused("another team's file", w.fromAnn(pay))
}

func TestDeletedFile(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	mine := w.storeFile(ann, w.channel, teamsfake.NewFile{Name: "plan.pdf"})
	_, err := w.surface.Open(w.ctx(), w.fromAnn(strings.Replace(mine, "plan.pdf", "gone.pdf", 1)))
	wantEqual(t, "class of the error", channels.ClassOf(err), channels.BadContent)
	wantWords(t, err.Error(), "deleted")
}

func TestPageInPlaceOfAFile(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	page := w.fromAnn(w.storeFile(ann, w.channel, teamsfake.NewFile{Name: "page.pdf", Type: "text/html"}))
	page.ContentType = "application/pdf"
	_, err := w.surface.Open(w.ctx(), page)
	wantEqual(t, "class of the error", channels.ClassOf(err), channels.BadContent)
	wantWords(t, err.Error(), "web page")
}

// Somebody may have no OneDrive, or none that we may know of. Then the channel's files are read all the same.
func TestFilesOfAnAuthorWithoutOneDrive(t *testing.T) {
	t.Parallel()
	w := newClockedTalk(t)
	mine := w.storeFile(ann, w.channel, teamsfake.NewFile{Name: "plan.pdf"})
	hers := w.storeFile(ann, w.channel, teamsfake.NewFile{Name: "own.pdf", OneDrive: true})
	for _, status := range []int{400, 403, 404} {
		w.later(2 * libraryLifetime)
		fault := w.fake.Inject(teamsfake.Fault{Method: "graph.drive", Kind: teamsfake.FaultHTTP, Status: status})
		wantEqual(t, fmt.Sprintf("the channel's file with status %d", status), w.readFile(w.fromAnn(mine)), "kept plan.pdf")
		w.wantFileRefused(fmt.Sprintf("the author's file with status %d", status), w.fromAnn(hers))
		w.fake.ClearFaults(fault)
	}
}

// If files may be read, but not where they lie, the error says what to grant. Messages can be read for all that.
func TestFilesWithoutTheFolder(t *testing.T) {
	t.Parallel()
	w := newClockedTalk(t)
	mine := w.storeFile(ann, w.channel, teamsfake.NewFile{Name: "plan.pdf"})
	w.fake.Inject(teamsfake.Fault{Method: "graph.folder", Kind: teamsfake.FaultHTTP, Status: 403, Code: "Forbidden"})
	w.later(2 * libraryLifetime)
	_, err := w.surface.Open(w.ctx(), w.fromAnn(mine))
	if !errors.Is(err, graph.ErrNotGranted) {
		t.Fatalf("got error %v, want ErrNotGranted", err)
	}
	wantEqual(t, "class of the error, since waiting does not help", channels.ClassOf(err), channels.BadContent)
	wantWords(t, err.Error(), fact.NoFileAccess)
	wantEqual(t, "messages can be read", w.surface.org.CanRead(w.channel), true)
}

// With Sites.Selected alone Graph doesn't say where files lie. It reads those of the sites that an admin named.
func TestFilesOfNamedSites(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	hr, _ := w.otherChannels()
	mine, pay := w.storeFile(ann, w.channel, teamsfake.NewFile{Name: "plan.pdf"}), w.storeFile(ann, hr, teamsfake.NewFile{Name: "pay.pdf"})
	w.fake.Admin.NameSite(w.channel)
	for name, tt := range map[string]struct {
		rights []string
		isRead bool // the file of the named site
	}{
		"Sites.Selected":         {rights: []string{tenant.PermitMessages, tenant.PermitSites}, isRead: true},
		"beside a right for all": {rights: []string{tenant.PermitMessages, tenant.PermitSites, "Sites.FullControl.All"}},
		"no right for files":     {rights: []string{tenant.PermitMessages}},
	} {
		w.fake.Entra.Permit(tt.rights...)
		s, err := New(w.surface.opt) // whose token isn't older than the grant
		must(t, err)
		r, err := s.Open(w.ctx(), w.fromAnn(mine))
		switch {
		case err == nil:
			must(t, r.Close())
		case !errors.Is(err, graph.ErrNotGranted):
			t.Errorf("%s: got error %v, want ErrNotGranted", name, err)
		}
		wantEqual(t, name+": the file is read", err == nil, tt.isRead)
		if _, err := s.Open(w.ctx(), w.fromAnn(pay)); !errors.Is(err, graph.ErrNotGranted) {
			t.Errorf("%s, of another site: got error %v, want ErrNotGranted", name, err)
		}
	}
}

// For a file in a message that only Graph tells of the same holds, by the author whom Graph names.
func TestFilesOfMissedMessages(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	hers := w.storeFile(ann, w.channel, teamsfake.NewFile{Name: "own.pdf", OneDrive: true})
	fileBy := func(who string) bridge.SurfaceFile {
		a := w.decodeFromGraph(graph.Message{ID: "1700000000001", ReplyToID: w.root, Type: "message", From: &graph.From{User: &graph.Identity{ID: who}},
			Body:        graph.Body{ContentType: "html", Content: `<p>see</p><attachment id="a1"></attachment>`},
			Attachments: []graph.Attachment{{ID: "a1", ContentType: graph.ContentFile, ContentURL: hers, Name: "own.pdf"}}})
		if len(a.Files) != 1 {
			t.Fatalf("got the files %+v, want one", a.Files)
		}
		return a.Files[0]
	}
	wantEqual(t, "Ann's file, by Ann", w.readFile(fileBy(ann)), "kept own.pdf")
	w.wantFileRefused("Ann's file, by Ben", fileBy(ben))
}

// A picture of another channel isn't read for a message of this one.
func TestPicturesOfAnotherChannel(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	other := w.fake.Admin.AddChannel(teamsfake.Channel{Team: w.team, Name: "Plans"}).ID
	paste := func(channel, root string) (address string) {
		picture := teamsfake.NewFile{Name: "p.png", Data: []byte("\x89PNG\r\n\x1a\n"), Image: true}
		id, err := w.ann.Post(teamsfake.Post{Channel: channel, Root: root, Files: []teamsfake.NewFile{picture}})
		must(t, err)
		at := w.fake.GraphURL() + "/teams/" + w.fake.Teams()[0].GroupID + "/channels/" + url.PathEscape(channel) + "/messages/"
		if root != "" {
			at += root + "/replies/"
		}
		return at + id + organisation.HostedPart + w.fake.Message(channel, id).Files[0].ID + "/$value"
	}
	here, there := paste(w.channel, w.root), paste(other, "")
	f := w.fromAnn(here)
	f.ContentType = "image/png"
	wantEqual(t, "the picture is read", strings.HasPrefix(w.readFile(f), "\x89PNG"), true)
	w.wantFileRefused("one of another channel", w.fromAnn(there))
	w.wantFileRefused("one without where it came from", bridge.SurfaceFile{Name: "p.png", URL: here})
}

// Addresses as SharePoint has them are below a site, or not, however they are written.
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
		wantEqual(t, address, got, want)
		wantEqual(t, address+" is below the site", ok, want != "")
	}
	_, ok := addressBelow(nil, "https://acme.sharepoint.com"+folder+"a.pdf")
	wantEqual(t, "an address is below no site", ok, false)
}

// Graph shows a message some time after Teams has told of it. Its file is waited for; if it doesn't come in time, its author is
// told that, and not that a right is missing.
func TestFileOfAYoungMessage(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		fault teamsfake.Fault
		want  string // why the file can't be had
	}{
		{name: "shown a moment later", fault: teamsfake.Fault{Status: http.StatusNotFound, Times: 2}, want: ""},
		{name: "not read", fault: teamsfake.Fault{Status: http.StatusBadRequest, Times: 1}, want: fact.NotShown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newTalk(t)
			tt.fault.Method, tt.fault.Kind = "graph.reply", teamsfake.FaultHTTP
			w.fake.Inject(tt.fault)
			f := w.attachFile(ann, teamsfake.NewFile{Name: "plan.pdf", Data: []byte("%PDF-1.4 plan")})
			wantEqual(t, "why it can't be had", f.Unavailable, tt.want)
			if tt.want == "" {
				wantEqual(t, "its content", w.readFile(f), "%PDF-1.4 plan")
			}
		})
	}
}

// What a message shows and is no file is refused with that reason: a GIF, and a component that Graph lists as an attachment.
func TestOnlyTeamsShowsIt(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	id, err := w.ann.Post(teamsfake.Post{Channel: w.channel, Root: w.root,
		HTML: `<p>Done!</p><img itemtype="http://schema.skype.com/Giphy" src="https://media4.giphy.com/media/x/giphy.gif">`})
	must(t, err)
	component := graph.Message{ID: "1700000000001", ReplyToID: w.root, Type: "message", From: &graph.From{User: &graph.Identity{ID: ann}},
		Body:        graph.Body{ContentType: "html", Content: `<p>see</p><attachment id="a1"></attachment>`},
		Attachments: []graph.Attachment{{ID: "a1", ContentType: "application/vnd.microsoft.card.fluidEmbedCard"}}}
	for name, a := range map[string]bridge.Action{"GIF": w.waitAction(fact.MessageID(w.channel, id)), "attachment": w.decodeFromGraph(component)} {
		if len(a.Files) != 1 {
			t.Fatalf("%s: got the files %+v, want one", name, a.Files)
		}
		wantEqual(t, "its name", a.Files[0].Name, name)
		wantEqual(t, name+": why it can't be had", a.Files[0].Unavailable, fact.OnlyInTeams)
	}
}
