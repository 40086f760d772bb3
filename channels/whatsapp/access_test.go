package whatsapp

import (
	"strings"
	"testing"

	"parley/channels"
	"parley/channels/graphfake"
)

// The token's system user lost the business account: Meta says that there is no such number and no such file. Neither a reply
// nor a customer's file is given up for that, and both come once she has it again.
func TestNumberTakenFromTheToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ann.Media("image", graphfake.File{ContentType: "image/jpeg", Content: []byte("photo")}, nil)
	photo := w.takeOne().Attachments[0].Ref

	w.AllowToken(ourToken, "4711")
	if se := w.wantSendFails(outbound(1, "Hello"), channels.AuthBroken); !strings.Contains(se.Hint, fieldPhoneID) {
		t.Errorf("got the hint %q, want one that names %s", se.Hint, fieldPhoneID)
	}
	_, err := w.channel.Fetch(testContext(t), photo)
	_ = wantClass(t, "her file", err, channels.AuthBroken)

	w.AllowToken(ourToken, phoneID, wabaID)
	w.send(outbound(1, "Hello"))
	f, err := w.channel.Fetch(testContext(t), photo)
	if err != nil {
		t.Fatal(err)
	}
	f.Body.Close()
}

// An app with "Require App Secret" takes no call without a proof of its secret. If the secret in the settings is another one,
// people read that.
func TestAppThatRequiresItsSecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ann.Text("Hi")
	w.takeFacts()
	w.RequireProof()
	hello := outbound(1, "Hello")
	w.send(hello)
	wantEqual(t, "found wrong by Check", wrongFindings(w.newChannel().Check(testContext(t))), "")
	w.channel = w.newChannel() // an upload is the first call
	photo := outbound(2, "")
	photo.Files = []channels.File{file("a.pdf", "application/pdf", []byte("%PDF-1.4"))}
	w.wantSendFails(photo, channels.Retry)
	w.send(photo)
	w.config[fieldSecret] = "another app's"
	w.channel = w.newChannel()
	if se := w.wantSendFails(hello, channels.AuthBroken); !strings.Contains(se.Text, fieldSecret) || se.Hint == "" {
		t.Errorf("got the error %+v, want one that names %s and has a hint", se, fieldSecret)
	}
	first := w.channel.Check(testContext(t))[0]
	wantEqual(t, "the first finding is good", first.OK, false)
	wantEqual(t, "setting of the first finding", first.Field, fieldSecret)
}
