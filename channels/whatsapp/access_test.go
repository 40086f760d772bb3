package whatsapp

import (
	"strings"
	"testing"

	"parley/channels"
)

// If the token loses the business account, Meta says that there is no such number. Parley doesn't give a reply up for that,
// and can send it once the token has the number again.
func TestSendWhenTokenLostTheNumber(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.openWindow()
	w.AllowToken(ourToken, "4711")
	if se := w.wantSendFails(outbound(1, "Hello"), channels.AuthBroken); !strings.Contains(se.Hint, fieldPhoneID) {
		t.Errorf("got the hint %q, want one that names %s", se.Hint, fieldPhoneID)
	}
	w.AllowToken(ourToken, phoneID, wabaID)
	w.send(outbound(1, "Hello"))
}

// If the token loses the business account, Meta says that a customer's file doesn't exist. Parley doesn't give the file up
// for that, and can fetch it once the token has the number again.
func TestFetchWhenTokenLostTheNumber(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	photo := w.receivePhoto()
	w.AllowToken(ourToken, "4711")
	_, _, err := w.fetchOnly(photo.message)
	_ = wantClass(t, "fetching", err, channels.AuthBroken)
	w.AllowToken(ourToken, phoneID, wabaID)
	w.wantPhoto(photo)
}

// newStrictWorld makes a world whose app has "Require App Secret": it takes no call without a proof of its secret.
func newStrictWorld(t *testing.T) *world {
	w := newWorld(t)
	w.openWindow()
	w.RequireProof()
	return w
}

func TestAppThatRequiresItsSecret(t *testing.T) {
	t.Parallel()
	w := newStrictWorld(t)
	w.send(outbound(1, "Hello"))
	wantEqual(t, "found wrong by Check", wrongFindings(w.newChannel().Check(testContext(t))), "")
}

// If the first call of a channel is an upload, it is refused for the missing proof, and succeeds with the next attempt.
func TestAppThatRequiresItsSecretForUploads(t *testing.T) {
	t.Parallel()
	w := newStrictWorld(t)
	o := outbound(2, "")
	o.Files = []channels.File{file("a.pdf", "application/pdf", []byte("%PDF-1.4"))}
	w.wantSendFails(o, channels.Retry)
	w.send(o)
}

// If the secret in the settings is that of another app, people read which setting is wrong.
func TestAppThatRequiresAnotherSecret(t *testing.T) {
	t.Parallel()
	w := newStrictWorld(t)
	w.config[fieldSecret] = "another app's"
	w.channel = w.newChannel()
	se := w.wantSendFails(outbound(1, "Hello"), channels.AuthBroken)
	if !strings.Contains(se.Text, fieldSecret) {
		t.Errorf("got the error %q, want one that names %s", se.Text, fieldSecret)
	}
	if se.Hint == "" {
		t.Errorf("the error %+v has no hint", se)
	}
	findings := w.channel.Check(testContext(t))
	if len(findings) == 0 {
		t.Fatal("Check found nothing")
	}
	wantEqual(t, "the first finding is good", findings[0].OK, false)
	wantEqual(t, "setting of the first finding", findings[0].Field, fieldSecret)
}
