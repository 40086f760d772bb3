package teams

import (
	"net/url"
	"strings"
	"testing"

	"parley/bot/teams/teamsfake"
	"parley/bridge"
)

// pngSignature is what a picture of the type PNG begins with.
const pngSignature = "\x89PNG\r\n\x1a\n"

// pastePicture has Ann paste a picture into a message, at top level if root is "". It returns the address that Graph has for it.
func (w *world) pastePicture(channel, root string) (address string) {
	w.t.Helper()
	picture := teamsfake.NewFile{Name: "p.png", Data: []byte(pngSignature), Image: true}
	id, err := w.ann.Post(teamsfake.Post{Channel: channel, Root: root, Files: []teamsfake.NewFile{picture}})
	noError(w.t, err)
	address = w.fake.GraphURL() + "/teams/" + w.fake.Teams()[0].GroupID + "/channels/" + url.PathEscape(channel) + "/messages/"
	if root != "" {
		address += root + "/replies/"
	}
	return address + id + HostedPart + w.fake.Message(channel, id).Files[0].ID + "/$value"
}

func TestPastedPictureIsRead(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	f := w.fromAnn(w.pastePicture(w.channel, w.root))
	f.ContentType = "image/png"
	if content := w.readFile(f); !strings.HasPrefix(content, "\x89PNG") {
		t.Errorf("got the content %q, want a PNG", content)
	}
}

// A picture of another channel isn't read for a message of this one.
func TestPastedPictureOfAnotherChannelIsNotRead(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	other := w.fake.Admin.AddChannel(teamsfake.Channel{Team: w.team, Name: "Plans"}).ID
	w.wantFileRefused(w.fromAnn(w.pastePicture(other, "")))
}

// Whoever writes the HTML of a message chooses the addresses of its pictures. Parley's token reads none of them that
// leads to anything else in Teams, such as the members of a team, however much of a picture's address it contains.
func TestPictureThatLeadsElsewhereInTeamsIsNotRead(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	members := w.fake.ServiceURL() + "v3/conversations/" + url.PathEscape(w.channel) + "/members"
	for name, address := range map[string]string{
		"by the query": members + "?x=/v3/attachments/1/views/original&y=" + HostedPart,
		"by the path":  w.fake.ServiceURL() + "v3/attachments/1/../../conversations/" + url.PathEscape(w.channel) + "/members?" + HostedPart,
	} {
		id, err := w.ann.Post(teamsfake.Post{Channel: w.channel, Root: w.root, HTML: `<p>See ` + name + `</p><p><img src="` + address + `"></p>`})
		noError(t, err)
		a := w.waitAction(MessageID(w.channel, id))
		w.wantFileRefused(onlyFile(t, a))
	}
}

// postFileAlone has Ann post a file and no text, and returns it as it is stored.
func (w *world) postFileAlone(f teamsfake.NewFile) bridge.SurfaceFile {
	w.t.Helper()
	id, err := w.ann.Post(teamsfake.Post{Channel: w.channel, Root: w.root, Files: []teamsfake.NewFile{f}})
	noError(w.t, err)
	a := w.waitAction(MessageID(w.channel, id))
	wantEqual(w.t, "verb", a.Verb, bridge.VerbSay)
	wantEqual(w.t, "text", a.Text, "")
	return onlyFile(w.t, a)
}

// If nobody granted to read files, a file says so.
func TestFileWithoutTheRightToReadIt(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	w.fake.Entra.Permit(teamsfake.PermitMessages)
	f := w.postFileAlone(teamsfake.NewFile{Name: "secret.pdf", Data: []byte("%PDF-1.4")})
	wantEqual(t, "name", f.Name, "secret.pdf")
	wantEqual(t, "why it can't be read", f.Unavailable, NoFileAccess)
}

// In a chat with the app, a file comes with an address at which anybody can read it. Only the file's name is stored.
func TestAddressOfAFileInAChatIsNotStored(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	_, err := w.ann.Post(teamsfake.Post{Text: "note: see", Files: []teamsfake.NewFile{{Name: "plan.pdf", Data: []byte("%PDF-1.4 plan")}}})
	noError(t, err)
	stored := string(w.desk.First(t, messageFacts).Payload)
	wantWords(t, stored, "plan.pdf", "note: see")
	wantNoWords(t, stored, "downloadUrl", "contentUrl")
}
