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
	photo := w.one().Attachments[0].Ref

	w.AllowToken(ourToken, "4711")
	if se := w.fails(outbound(1, "Hello"), channels.AuthBroken); !strings.Contains(se.Hint, fieldPhoneID) {
		t.Errorf("%+v", se)
	}
	if _, err := w.channel.Fetch(within(t), photo); channels.ClassOf(err) != channels.AuthBroken {
		t.Errorf("her file: %v", err)
	}

	w.AllowToken(ourToken, phoneID, wabaID)
	w.send(outbound(1, "Hello"))
	f, err := w.channel.Fetch(within(t), photo)
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
	w.settle()
	w.RequireProof()
	hello := outbound(1, "Hello")
	w.send(hello)
	for _, f := range w.open().Check(within(t)) {
		if !f.OK {
			t.Errorf("doctor finds %+v", f)
		}
	}
	w.channel = w.open() // an upload is the first call
	photo := outbound(2, "")
	photo.Files = []channels.File{file("a.pdf", "application/pdf", []byte("%PDF-1.4"))}
	w.fails(photo, channels.Retry)
	w.send(photo)
	w.config[fieldSecret] = "another app's"
	w.channel = w.open()
	if se := w.fails(hello, channels.AuthBroken); !strings.Contains(se.Text, fieldSecret) || se.Hint == "" {
		t.Errorf("%+v", se)
	}
	if f := w.channel.Check(within(t))[0]; f.OK || f.Field != fieldSecret {
		t.Errorf("doctor finds %+v", f)
	}
}
