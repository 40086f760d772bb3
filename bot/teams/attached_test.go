package teams

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"parley/bot/teams/fact"
	"parley/bot/teams/graph"
	"parley/bot/teams/teamsfake"
	"parley/bot/teams/teamsfake/tenant"
	"parley/bridge"
)

// missedMessage is a message in the conversation's thread that only Graph tells of, with one attachment.
func (w *world) missedMessage(author string, attached graph.Attachment) graph.Message {
	attached.ID = "a1"
	return graph.Message{
		ID: "1700000000001", ReplyToID: w.root, Type: "message",
		From:        &graph.From{User: &graph.Identity{ID: author}},
		Body:        graph.Body{ContentType: "html", Content: `<p>see</p><attachment id="a1"></attachment>`},
		Attachments: []graph.Attachment{attached},
	}
}

// For a file in a message that only Graph tells of the same holds, by the author whom Graph names.
func TestFilesOfMissedMessages(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	attached := graph.Attachment{ContentType: graph.ContentFile, ContentURL: w.storeOwn(), Name: "own.pdf"}
	t.Run("Ann's file, by Ann", func(t *testing.T) {
		w := w.in(t)
		f := onlyFile(t, w.decodeFromGraph(w.missedMessage(ann, attached)))
		wantEqual(t, "content", w.readFile(f), "kept own.pdf")
	})
	t.Run("Ann's file, by Ben", func(t *testing.T) {
		w := w.in(t)
		w.wantFileRefused(onlyFile(t, w.decodeFromGraph(w.missedMessage(ben, attached))))
	})
}

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
	return address + id + fact.HostedPart + w.fake.Message(channel, id).Files[0].ID + "/$value"
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

// A picture that stands in the text alone, with Graph's address, is read like one that Teams lists.
func TestPictureThatOnlyTheTextNamesIsRead(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	id, err := w.ann.Post(teamsfake.Post{
		Channel: w.channel, Root: w.root, HTML: `<p>See</p><p><img src="` + w.pastePicture(w.channel, w.root) + `"></p>`,
	})
	noError(t, err)
	if content := w.readFile(onlyFile(t, w.waitAction(fact.MessageID(w.channel, id)))); !strings.HasPrefix(content, pngSignature) {
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
		"by the query": members + "?x=/v3/attachments/1/views/original&y=" + fact.HostedPart,
		"by the path":  w.fake.ServiceURL() + "v3/attachments/1/../../conversations/" + url.PathEscape(w.channel) + "/members?" + fact.HostedPart,
	} {
		id, err := w.ann.Post(teamsfake.Post{Channel: w.channel, Root: w.root, HTML: `<p>See ` + name + `</p><p><img src="` + address + `"></p>`})
		noError(t, err)
		a := w.waitAction(fact.MessageID(w.channel, id))
		w.wantFileRefused(onlyFile(t, a))
	}
}

func TestPastedPictureWithoutItsOriginIsNotRead(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	w.wantFileRefused(bridge.SurfaceFile{Name: "p.png", URL: w.pastePicture(w.channel, w.root)})
}

// blank is a status of a fault with which Graph shows a message without its content.
const blank = http.StatusOK

// Graph shows a message, or what is in it, some time after Teams has told of it. Its file is waited for.
func TestFileOfAMessageThatGraphShowsLater(t *testing.T) {
	t.Parallel()
	for name, status := range map[string]int{"not at all at first": http.StatusNotFound, "blank at first": blank} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newThreadWorld(t)
			w.fake.Inject(teamsfake.Fault{Method: "graph.reply", Kind: teamsfake.FaultHTTP, Status: status, Times: 2})
			f := w.attachFile(ann, teamsfake.NewFile{Name: "plan.pdf", Data: []byte("%PDF-1.4 plan")})
			wantEqual(t, "why the file can't be read", f.Unavailable, "")
			wantEqual(t, "content", w.readFile(f), "%PDF-1.4 plan")
		})
	}
}

// If a file doesn't come in time, its author is told that, and not that a right is missing.
func TestFileOfAMessageThatGraphDoesNotShow(t *testing.T) {
	t.Parallel()
	for name, status := range map[string]int{"an error": http.StatusBadRequest, "blank": blank} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newThreadWorld(t)
			w.fake.Inject(teamsfake.Fault{Method: "graph.repl*", Kind: teamsfake.FaultHTTP, Status: status})
			f := w.attachFile(ann, teamsfake.NewFile{Name: "plan.pdf", Data: []byte("%PDF-1.4 plan")})
			wantEqual(t, "why the file can't be read", f.Unavailable, fact.NotShown)
		})
	}
}

// A GIF that Teams' clients find is shown by Teams only. It is refused with that reason.
func TestAnimationIsNoFile(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	id, err := w.ann.Post(teamsfake.Post{
		Channel: w.channel, Root: w.root,
		HTML: `<p>Done!</p><img itemtype="http://schema.skype.com/Giphy" src="https://media4.giphy.com/media/x/giphy.gif">`,
	})
	noError(t, err)
	f := onlyFile(t, w.waitAction(fact.MessageID(w.channel, id)))
	wantEqual(t, "name", f.Name, "GIF")
	wantEqual(t, "why it can't be read", f.Unavailable, fact.OnlyInTeams)
}

// A component that Graph lists as an attachment is shown by Teams only, too.
func TestComponentIsNoFile(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	component := graph.Attachment{ContentType: "application/vnd.microsoft.card.fluidEmbedCard"}
	f := onlyFile(t, w.decodeFromGraph(w.missedMessage(ann, component)))
	wantEqual(t, "name", f.Name, "attachment")
	wantEqual(t, "why it can't be read", f.Unavailable, fact.OnlyInTeams)
}

// postFileAlone has Ann post a file and no text, and returns it as it is stored.
func (w *world) postFileAlone(f teamsfake.NewFile) bridge.SurfaceFile {
	w.t.Helper()
	id, err := w.ann.Post(teamsfake.Post{Channel: w.channel, Root: w.root, Files: []teamsfake.NewFile{f}})
	noError(w.t, err)
	a := w.waitAction(fact.MessageID(w.channel, id))
	wantEqual(w.t, "verb", a.Verb, bridge.VerbSay)
	wantEqual(w.t, "text", a.Text, "")
	return onlyFile(w.t, a)
}

// onePixelGIF is a whole GIF.
const onePixelGIF = "GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff" +
	"!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"

func TestPastedPictureAlone(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	f := w.postFileAlone(teamsfake.NewFile{Name: "x.gif", Data: []byte(onePixelGIF), Image: true})
	wantEqual(t, "type", f.ContentType, "image/gif")
	wantEqual(t, "content", w.readFile(f), onePixelGIF)
}

func TestFileAlone(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	f := w.postFileAlone(teamsfake.NewFile{Name: "plan.pdf", Data: []byte("%PDF-1.4 plan")})
	wantEqual(t, "name", f.Name, "plan.pdf")
	wantEqual(t, "content", w.readFile(f), "%PDF-1.4 plan")
}

// If nobody granted to read files, a file says so.
func TestFileWithoutTheRightToReadIt(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	w.fake.Entra.Permit(tenant.PermitMessages)
	f := w.postFileAlone(teamsfake.NewFile{Name: "secret.pdf", Data: []byte("%PDF-1.4")})
	wantEqual(t, "name", f.Name, "secret.pdf")
	wantEqual(t, "why it can't be read", f.Unavailable, fact.NoFileAccess)
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

// A picture that an edit adds is described like one that was there from the beginning.
func TestPictureOfAnEdit(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	id := w.typeAsAnn("See").Place.Message
	status, _ := w.sendActivity(w.root, object{
		"type": "messageUpdate", "id": id,
		"attachments": []object{
			{"contentType": "text/html", "content": "<p>See this</p>"},
			{"contentType": "image/*", "contentUrl": w.pastedPictureOfTeams()},
		},
	})
	wantEqual(t, "status", status, http.StatusOK)
	wantEqual(t, "type", onlyFile(t, w.waitAction("e:")).ContentType, "image/gif")
}

// pastedPictureOfTeams has Ann paste a picture, and returns the address at which Teams has it.
func (w *world) pastedPictureOfTeams() string {
	w.t.Helper()
	w.postFileAlone(teamsfake.NewFile{Name: "x.gif", Data: []byte(onePixelGIF), Image: true})
	return w.fake.Files()[0].URL
}
