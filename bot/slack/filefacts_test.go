package slack

import (
	"testing"

	"parley/bot/slack/fact"
	"parley/bot/slack/slackfake"
	"parley/bridge"
)

// In a channel that another organisation shares, a message says nothing of a file but its id. What customers' channels ask for, its
// kind and size, is there all the same, also of what was missed; and so is why a file can't be read.
func TestFilesOfASharedChannel(t *testing.T) {
	t.Parallel()
	st := newConnectedStage(t)
	root := st.postRoot()
	post := func() (string, string) {
		ts, err := st.fake.As(st.ann).Post(slackfake.Post{Channel: st.channel, Thread: root.Message, Text: "Look",
			Files: []slackfake.NewFile{{Name: "photo.png", Mimetype: "image/png", Data: []byte("hello"), FileAccess: fact.AskForFile}}})
		must(t, err)
		return ts, st.fake.Message(st.channel, ts).Files[0].ID
	}
	files := func(ts string) bridge.SurfaceFile {
		a := st.mustDecode(st.desk.First(t, fact.MessageID(st.channel, ts)))
		if len(a.Files) != 1 {
			t.Fatalf("files %+v", a.Files)
		}
		return a.Files[0]
	}
	isPhoto := func(f bridge.SurfaceFile) bool {
		return f.Name == "photo.png" && f.ContentType == "image/png" && f.SizeBytes == 5 && f.URL != "" && f.Unavailable == ""
	}

	ts, _ := post()
	if f := files(ts); !isPhoto(f) {
		t.Errorf("of an event: %+v", f)
	}

	st.stop()
	missed, _ := post()
	st.connect()
	if f := files(missed); !isPhoto(f) {
		t.Errorf("of what was missed: %+v", f)
	}

	for code, why := range map[string]string{"access_denied": "no access", "file_deleted": bridge.FileDeleted, "fatal_error": ""} {
		fault := st.fake.Inject(slackfake.Fault{Method: "files.info", Kind: slackfake.FaultError, Error: code})
		ts, id := post()
		if f := files(ts); f != (bridge.SurfaceFile{ID: id, Name: "file-" + id, Unavailable: why}) {
			t.Errorf("%s: %+v", code, f)
		}
		st.fake.ClearFaults(fault)
	}
}
