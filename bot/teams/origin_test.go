package teams

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"parley/bot/teams/teamsfake"
	"parley/bridge"
	"parley/channels"
)

// A message may name any address as that of a file. Parley reads a file only from where the message's author may have
// put it: the site of the message's channel, or the author's OneDrive.

// wantFileRefused checks that a file isn't read because of where it is stored: either it is left out when its message
// comes, or opening it is refused.
func (w *world) wantFileRefused(f bridge.SurfaceFile) {
	w.t.Helper()
	isLeftOut := f.Unavailable == fileElsewhere && f.URL == ""
	if isLeftOut {
		return
	}
	_, err := w.surface.Open(w.ctx(), f)
	se := wantSendError(w.t, err)
	wantEqual(w.t, "class of the error", se.Class, channels.BadContent)
	wantWords(w.t, se.Text, fileElsewhere)
}

// wantFileNotReadNow checks that a file can't be read now, but perhaps later.
func (w *world) wantFileNotReadNow(f bridge.SurfaceFile) {
	w.t.Helper()
	wantEqual(w.t, "why the file can't be read", f.Unavailable, "")
	_, err := w.surface.Open(w.ctx(), f)
	if !errors.Is(err, errFile) {
		w.t.Errorf("got error %v, want one that the file can't be read", err)
	}
	if errors.Is(err, errElsewhere) {
		w.t.Errorf("got error %v, want none about where the file lies", err)
	}
	if se, ok := errors.AsType[*channels.SendError](err); ok {
		w.t.Errorf("got error %v of class %s, want one that lets it be tried again", err, se.Class)
	}
}

// wantNotGranted checks that a file isn't read because nobody has granted that right.
func wantNotGranted(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, ErrNotGranted) {
		t.Fatalf("got error %v, want ErrNotGranted", err)
	}
}

// countLookups counts how often Graph was asked where files are stored.
func (w *world) countLookups() int {
	return len(w.fake.Calls("graph.folder")) + len(w.fake.Calls("graph.drive"))
}

// A file in the site of its channel, or in its author's OneDrive, is read, however its address is written.
func TestFilesThatAreRead(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	plan := w.storeFile(ann, w.channel, teamsfake.NewFile{Name: "100% plan ü.pdf"})
	invoice := w.storeFile(ann, w.channel, teamsfake.NewFile{Name: "Invoice #12.pdf"})
	coded := w.storeFile(ann, w.channel, teamsfake.NewFile{Name: "50%25 off.pdf"})
	other := w.fake.Admin.AddChannel(teamsfake.Channel{Team: w.team, Name: "Plans"}).ID
	for _, tt := range []struct {
		name    string
		address string
	}{
		{name: "in the channel's folder", address: plan},
		{name: "in the author's OneDrive", address: w.storeOwn()},
		{name: "in another channel of the same site", address: w.storeFile(ann, other, teamsfake.NewFile{Name: "plans.pdf"})},
		{name: "in capital letters", address: strings.Replace(plan, "/sites/", "/SITES/", 1)},
		{name: "by a detour", address: siteOf(plan) + "/x/../" + strings.TrimPrefix(plan, siteOf(plan)+"/")},
		{name: "with a query", address: plan + "?web=1"},
		{name: "without escapes, and a percent sign", address: unescaped(plan)},
		{name: "without escapes, and a number sign", address: unescaped(invoice)},
		{name: "without escapes, and a query", address: unescaped(invoice) + "?web=1"},
		{name: "without escapes, and what looks like one", address: unescaped(coded)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := w.in(t)
			f := w.attachAddress(tt.address)
			wantEqual(t, "why the file can't be read", f.Unavailable, "")
			if content := w.readFile(f); !strings.HasPrefix(content, "kept ") {
				t.Errorf("got the content %q, want it to begin with %q", content, "kept ")
			}
		})
	}
}

// unescaped returns an address as Graph gives those of files that people attached: with blanks and other characters as they
// are in the file's name.
func unescaped(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host + u.Path
}

// refusedAddresses are addresses that no message by Ann in the channel may name. plan is a file in the channel's
// library, and pay is a file in the library of the team hr.
func (w *world) refusedAddresses(plan, pay, hr string) []string {
	w.t.Helper()
	u, err := url.Parse(plan)
	noError(w.t, err)
	leads := w.fake.Admin.AddChannel(teamsfake.Channel{Team: w.team, Name: "Leads", Kind: teamsfake.KindPrivate, Members: []string{ann, ben}}).ID
	site := siteOf(plan)
	outOfTheSite := func(dots string) string { return site + "/" + dots + strings.TrimPrefix(pay, w.fake.URL()+"/sites") }
	withHost := func(host string) string { return strings.Replace(plan, u.Host, host, 1) }
	return []string{
		// Files in other places of Teams.
		w.storeFile(ben, w.channel, teamsfake.NewFile{Name: "diary.pdf", OneDrive: true}),
		pay,
		w.storeFile(ann, leads, teamsfake.NewFile{Name: "leads.pdf"}),

		// Ways out of the channel's site.
		outOfTheSite(".."),
		outOfTheSite("%2e%2e"),
		outOfTheSite("%252e%252e"),
		outOfTheSite("..%20"),
		outOfTheSite("x%5c..%5c.."),
		outOfTheSite("a #/../.."),
		outOfTheSite("a %/../.."),
		outOfTheSite("a /%2e%2e/%2e%2e"),

		// Other servers, credentials, and another scheme.
		withHost(u.Host + ".evil.example"),
		withHost("evil" + u.Host),
		withHost("127.0.0.1"),
		strings.Replace(plan, "//", "//ann@", 1),
		strings.Replace(plan, "http:", "https:", 1),

		// Not below the site.
		site,
		site + "/",
		site + "2/Shared%20Documents/x.pdf",

		// No addresses, among them one that claims to be of another channel and author.
		Origin{Channel: hr, Author: ben}.Seal(pay),
		"teams:?%zz",
		"x.pdf",
	}
}

// A file that is stored elsewhere isn't read. Parley doesn't even ask Graph for it, or where it is stored.
func TestFilesThatAreNotRead(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	plan, own := w.storePlan(), w.storeOwn()
	pay, hr := w.storePay()
	addresses := w.refusedAddresses(plan, pay, hr)
	w.readFile(w.attachAddress(own)) // now Parley has remembered where this channel's and Ann's files are stored
	read, lookups := len(w.fake.Calls("graph.file")), w.countLookups()

	for _, address := range addresses {
		t.Run(address, func(t *testing.T) {
			w := w.in(t)
			w.wantFileRefused(w.attachAddress(address))
		})
		t.Run(address+" as a picture", func(t *testing.T) {
			w := w.in(t)
			w.wantFileRefused(w.attachFile(ann, teamsfake.NewFile{Name: "x.png", URL: address, Image: true}))
		})
	}
	t.Run("Ann's OneDrive, by Ben", func(t *testing.T) {
		w := w.in(t)
		w.wantFileRefused(w.attachFile(ben, teamsfake.NewFile{Name: "x.pdf", URL: own}))
	})
	t.Run("stored without where it came from", func(t *testing.T) {
		w.in(t).wantFileRefused(bridge.SurfaceFile{Name: "x.pdf", URL: plan})
	})
	wantEqual(t, "files that Graph was asked for", len(w.fake.Calls("graph.file"))-read, 0)
	wantEqual(t, "questions where files lie", w.countLookups()-lookups, 0)
}

// While Graph can't say where files are stored, none is read.
func TestFilesWhileGraphCannotSayWhereTheyLie(t *testing.T) {
	t.Parallel()
	w := newClockedWorld(t)
	plan, own := w.storePlan(), w.storeOwn()
	pay, _ := w.storePay()
	for _, tt := range []struct {
		name    string
		method  string // which fails
		status  int
		address string
	}{
		{name: "folder is down", method: "graph.folder", status: http.StatusServiceUnavailable, address: plan},
		{name: "folder is not there", method: "graph.folder", status: http.StatusNotFound, address: plan},
		{name: "folder is refused", method: "graph.folder", status: http.StatusBadRequest, address: pay},
		{name: "drive is down", method: "graph.drive", status: http.StatusServiceUnavailable, address: own},
		{name: "drive is behind a broken gateway", method: "graph.drive", status: http.StatusBadGateway, address: pay},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := w.in(t)
			w.advance(2 * libraryLifetime) // nothing is remembered
			fault := w.fake.Inject(teamsfake.Fault{Method: tt.method, Kind: teamsfake.FaultHTTP, Status: tt.status})
			w.wantFileNotReadNow(w.attachAddress(tt.address))
			w.fake.ClearFaults(fault)
		})
	}

	t.Run("Graph is down", func(t *testing.T) {
		w := w.in(t)
		w.advance(2 * libraryLifetime)
		fault := w.fake.Inject(teamsfake.Fault{Method: "graph.*", Kind: teamsfake.FaultHTTP, Status: http.StatusInternalServerError})
		w.wantFileNotReadNow(w.fromAnn(own)) // which was attached before
		w.fake.ClearFaults(fault)
	})

	// Once Graph can say it again, files are read.
	wantEqual(t, "the channel's file", w.readFile(w.fromAnn(plan)), "kept plan.pdf")
	wantEqual(t, "the author's file", w.readFile(w.fromAnn(own)), "kept own.pdf")
	w.wantFileRefused(w.fromAnn(pay))
}

// openPlanAndPay stores a file of the channel, whose site an admin has named, and a file of another team. It opens both
// with the given rights.
func openPlanAndPay(t *testing.T, rights ...string) (planErr, payErr error) {
	t.Helper()
	w := newThreadWorld(t)
	plan := w.storePlan()
	pay, _ := w.storePay()
	w.fake.Admin.NameSite(w.channel)
	w.fake.Entra.Permit(rights...)
	s := w.restartedSurface() // whose token isn't older than the grant
	open := func(f bridge.SurfaceFile) error {
		r, err := s.Open(w.ctx(), f)
		if err != nil {
			return err
		}
		return r.Close()
	}
	return open(w.fromAnn(plan)), open(w.fromAnn(pay))
}

// With Sites.Selected alone Graph doesn't say where files are stored. It reads the files of the sites that an admin has
// named.
func TestFilesOfNamedSites(t *testing.T) {
	t.Parallel()
	planErr, payErr := openPlanAndPay(t, teamsfake.PermitMessages, teamsfake.PermitSites)
	noError(t, planErr)
	wantNotGranted(t, payErr)
}
