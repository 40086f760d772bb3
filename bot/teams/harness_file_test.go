package teams

import (
	"io"
	"strings"
	"testing"

	"parley/bot/teams/teamsfake"
	"parley/bridge"
)

// readFile reads a file as it is sent to a customer.
func (w *world) readFile(f bridge.SurfaceFile) string {
	w.t.Helper()
	r, err := w.surface.Open(w.ctx(), f)
	noError(w.t, err)
	defer r.Close()
	b, err := io.ReadAll(r)
	noError(w.t, err)
	return string(b)
}

// onlyFile returns the file of an action, which has to be one.
func onlyFile(t *testing.T, a bridge.Action) bridge.SurfaceFile {
	t.Helper()
	if len(a.Files) != 1 {
		t.Fatalf("got %d files, want one: %+v", len(a.Files), a.Files)
	}
	return a.Files[0]
}

// attachFile has a person attach a file in the conversation's thread, and returns what Parley makes of it.
func (w *world) attachFile(who string, f teamsfake.NewFile) bridge.SurfaceFile {
	w.t.Helper()
	id, err := w.fake.As(who).Post(teamsfake.Post{Channel: w.channel, Root: w.root, Text: "Here it is", Files: []teamsfake.NewFile{f}})
	noError(w.t, err)
	return onlyFile(w.t, w.waitAction(MessageID(w.channel, id)))
}

// attachAddress has Ann attach a file that lies at an address, and returns what Parley makes of it.
func (w *world) attachAddress(address string) bridge.SurfaceFile {
	w.t.Helper()
	return w.attachFile(ann, teamsfake.NewFile{Name: "x.pdf", URL: address})
}

// fromAnn is a file at an address, as it is stored of a message of Ann's in the channel.
func (w *world) fromAnn(address string) bridge.SurfaceFile {
	return bridge.SurfaceFile{Name: "x.pdf", URL: Origin{Channel: w.channel, Author: ann}.Seal(address)}
}

// storeFile puts a file with the content "kept NAME" into a channel's library, or into a person's OneDrive, and returns its address.
func (w *world) storeFile(who, channel string, f teamsfake.NewFile) string {
	w.t.Helper()
	f.Data = []byte("kept " + f.Name)
	_, err := w.fake.As(who).Post(teamsfake.Post{Channel: channel, Files: []teamsfake.NewFile{f}})
	noError(w.t, err)
	w.waitDelivered() // Parley has looked where it lies
	for _, kept := range w.fake.Files() {
		if kept.Name == f.Name && !kept.Elsewhere {
			return kept.URL
		}
	}
	w.t.Fatalf("%s isn't stored", f.Name)
	return ""
}

// storePlan puts plan.pdf into the channel's library, and returns its address.
func (w *world) storePlan() string {
	w.t.Helper()
	return w.storeFile(ann, w.channel, teamsfake.NewFile{Name: "plan.pdf"})
}

// storeOwn puts own.pdf into Ann's OneDrive, and returns its address.
func (w *world) storeOwn() string {
	w.t.Helper()
	return w.storeFile(ann, w.channel, teamsfake.NewFile{Name: "own.pdf", OneDrive: true})
}

// storePay makes another team, HR, in which Ann is, puts pay.pdf into its library, and returns its address.
func (w *world) storePay() (address, team string) {
	w.t.Helper()
	team = w.fake.Admin.AddTeam(teamsfake.Team{Name: "HR"}).ID
	return w.storeFile(ann, team, teamsfake.NewFile{Name: "pay.pdf"}), team
}

// siteOf returns the address of the site in which a file lies.
func siteOf(address string) string { return strings.Join(strings.Split(address, "/")[:5], "/") }
