package engine_test

import (
	"strings"
	"testing"

	"parley/channels/channelstest"
	"parley/store"
	"parley/store/blob"
)

// A mail ends with its author's own signature or, without one, with the account's, and includes the signature's
// pictures. In a chat only the account's signature is used.
//
// Requirement R-176: Signatures.
// Requirement R-177: Signatures of accounts and of people.
func TestSignatures(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	blob, size, err := blob.WriteUpload(t.Context(), w.pool, strings.NewReader("the logo"), 100)
	check(t, err)
	rich := &store.RichSignature{HTML: "<b>Acme</b>", Pictures: []store.SignaturePicture{{
		ContentID:   "p1",
		Name:        "logo.png",
		ContentType: "image/png",
		SizeBytes:   size,
		Blob:        blob,
	}}}
	sign := func(a *store.Account) { a.Signature, a.RichSignature = "**Acme**", rich }
	must(store.SaveAgent(t.Context(), w.pool, store.Agent{Email: "ben@acme.test", Name: "Ben", Zone: "UTC", Signature: "Ben, who repairs"}))(t)
	// Cat's signature is only a picture.
	must(store.SaveAgent(t.Context(), w.pool, store.Agent{Email: "cat@acme.test", Name: "Cat", Zone: "UTC", RichSignature: rich}))(t)
	w.saveAccount(mail, sign)
	w.saveAccount(chat, sign)

	logo := []string{"p1 the logo"}
	for _, c := range []struct {
		account, agent string
		signature      string
		html           string
		pictures       []string
	}{
		{account: mail, agent: "ann", signature: "**Acme**", html: rich.HTML, pictures: logo},
		{account: mail, agent: "ben", signature: "Ben, who repairs"},
		{account: mail, agent: "cat", signature: "", html: rich.HTML, pictures: logo},
		{account: chat, agent: "ben", signature: "**Acme**", html: rich.HTML, pictures: logo},
	} {
		asked := c.agent + " by " + c.account
		w.customerSends(c.account, channelstest.Event{From: c.agent + "@" + c.account + ".test", Subject: "One", Text: asked})
		n := len(w.provider.Sent())
		w.chat.Say(c.agent, support, w.waitThread(asked), "Hello")

		got := w.waitSent(n + 1)[n]
		wantEqual(t, "the signature "+asked, got.Signature, c.signature)
		wantEqual(t, "the signature in HTML "+asked, got.SignatureHTML, c.html)
		wantList(t, "pictures of the signature "+asked, got.Pictures, c.pictures)
	}
}
