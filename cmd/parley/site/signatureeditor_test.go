package site_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"parley/cmd/parley/site/sitetest"
)

// editor is the page of a signature in a browser.
type editor struct {
	*sitetest.Browser

	t *testing.T
}

// has checks what is written.
func (e editor) has(after, want string) {
	e.t.Helper()
	e.Until(after, "document.querySelector('#f-signature')")
	if got := e.Value("document.querySelector('#f-signature').value"); got != want {
		e.t.Errorf("%s: %q, want %q", after, got, want)
	}
}

// choose selects a part of what is written.
func (e editor) choose(part string) {
	e.t.Helper()
	e.Value("(() => { const f = document.querySelector('#f-signature'); const at = f.value.indexOf(" + strconv.Quote(part) + "); f.focus(); " +
		"f.setSelectionRange(at, at + " + strconv.Quote(part) + ".length); return '' })()")
}

// paste pastes what was copied of another page in place of what is selected.
func (e editor) paste(html string) {
	e.t.Helper()
	e.Value("(() => { const data = new DataTransfer(); data.setData('text/html', " + strconv.Quote(html) +
		"); data.setData('text/plain', 'plain'); " +
		"document.querySelector('#f-signature').dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, bubbles: true, " +
		"cancelable: true})); return '' })()")
}

// An admin formats a signature with buttons and keys, and sees it as customers will while she types.
// Requirement R-176: Signatures.
func TestSignatureButtons(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme)
	e := editor{s.Browser("ann@acme.test"), t}
	e.Open("/settings/accounts/support-mail/signature")
	e.Write("#f-signature", "Acme Lamps")
	e.choose("Acme ")
	e.Press("[data-mark=bold]")
	e.has("bold", "**Acme** Lamps")
	e.Until("it is shown before anything is pressed",
		"document.querySelector('.mail strong') && document.querySelector('.mail strong').innerText === 'Acme'")

	e.Press("[data-mark=italic]")
	e.has("bold and italic", "***Acme*** Lamps")
	e.Press("[data-mark=bold]")
	e.Press("[data-mark=italic]")
	e.has("both taken away", "Acme Lamps")

	e.choose("Lamps")
	e.Do("press Ctrl and K", chromedp.KeyEvent("k", chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	e.Keys("https://acme.test")
	e.has("link", "Acme [Lamps](https://acme.test)")

	e.choose("Acme [Lamps](https://acme.test)")
	e.Press("[data-mark=list]")
	e.has("list", "- Acme [Lamps](https://acme.test)")
	e.Until("the list is shown", "document.querySelector('.mail li a') && document.querySelector('.mail li a').href === 'https://acme.test/'")
	e.Value("String(document.execCommand('undo'))")
	e.has("taken back", "Acme [Lamps](https://acme.test)")

	if got := accountOf(t, s, "support-mail").Signature; got != "" {
		t.Errorf("typing saved %q", got)
	}

	e.Write("#f-signature", "<p>Acme</p>")
	e.choose("Acme")
	e.Press("[data-mark=bold]")
	e.has("in HTML", "<p><b>Acme</b></p>")
	e.Looks("signature-buttons")
}

// A picture is put at the cursor, and its bytes below the text, so that the text stays readable.
// Requirement R-176: Signatures.
func TestSignaturePictureAtTheCursor(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme)
	e := editor{s.Browser("ann@acme.test"), t}
	e.Open("/settings/accounts/support-mail/signature")
	e.Write("#f-signature", "Acme | Lamps")
	e.choose("|")
	for name, size := range map[string]int{"large.png": 256<<10 + 1, "logo.png": len(logo(t))} {
		file := filepath.Join(t.TempDir(), name)
		check(t, os.WriteFile(file, large(t, size), 0o600))
		e.Do("choose "+name, chromedp.SetUploadFiles(chromedp.CSS("#pick"), []string{file}))
		if name == "large.png" {
			e.Shows("larger than 256 KB")
			continue
		}
		e.Until("it is put there", "document.querySelector('#f-signature').value.includes('[picture-1]: data:')")
	}

	e.Keys("Our logo")
	e.has("a picture", "Acme ![Our logo][picture-1] Lamps\n\n[picture-1]: "+pasted(logo(t)))
	e.Until("it is shown",
		"document.querySelector('.mail img') && document.querySelector('.mail img').naturalWidth === 80 && "+
			"document.querySelector('.mail img').alt === 'Our logo'")

	e.Press("form.page button.main")
	e.Shows("Saved.")
	a := accountOf(t, s, "support-mail")
	if a.RichSignature == nil || len(a.RichSignature.Pictures) != 1 || !strings.HasPrefix(a.Signature, "Acme Our logo Lamps") {
		t.Errorf("stored: %q, %+v", a.Signature, a.RichSignature)
	}
}

// Formatted text that is pasted becomes Markdown, without scripts and without pictures of other sites.
// Requirement R-176: Signatures.
func TestPastedSignature(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme)
	e := editor{s.Browser("ben@acme.test"), t}
	e.Open("/settings/me")
	for what, c := range map[string]struct{ html, want string }{
		"from a mail": {
			`<div dir="ltr"><div><b>Ben Osei</b></div><div><i>Acme Lamps</i><br>Tel. <a href="tel:+15550100">+1 555 0100</a></div></div>`,
			"**Ben Osei**\n*Acme Lamps*\nTel. [+1 555 0100](tel:+15550100)"},
		"from Google Docs": {
			`<b style="font-weight:normal;"><p dir="ltr"><span style="font-weight:700">Ben</span><span> sells </span>` +
				`<span style="font-style:italic">lamps</span></p><ul><li><p>one</p></li><li>two</li></ul></b>`,
			"**Ben** sells *lamps*\n\n- one\n- two"},
		"from Word": {
			`<html><head><style>p { color: red }</style></head><body><!--StartFragment--><p class=MsoNormal><b><span>Ben </span></b><span>` +
				`at Acme</span></p><ol><li>one</li></ol><!--EndFragment--></body></html>`,
			"**Ben** at Acme\n\n1. one"},
		"a table": {`<table><tr><td>Ben</td><td><a href="https://acme.test/a_(b)">Shop</a></td></tr><tr><td>Acme</td></tr></table>`,
			"Ben [Shop](https://acme.test/a_%28b%29)\nAcme"},
		"lines": {`<div>one</div><div><br></div><div>two<br></div><div>three<br>four</div><h2>five</h2>six`,
			"one\n\ntwo\nthree\nfour\n\n**five**\n\nsix"},
		"a list in a list": {`<ul><li>one<ul><li>two</li></ul></li><li>three</li></ul>`, "- one\n  - two\n- three"},
		"signs":            {`a*b_c [d] &lt;e&gt; \ https://acme.test/a_b`, `a\*b\_c \[d\] \<e\> \\ https://acme.test/a_b`},
		"what acts": {
			`<p onclick="alert(1)">Ben<script>alert(2)</script><img src="http://evil.test/x.png"><a href="javascript:alert(3)">x</a></p>`,
			"Benx"},
		"a picture": {`<p>Ben <img alt="Our logo" src="` + pasted(logo(t)) + `"></p>`, "Ben ![Our logo][picture-1]\n\n[picture-1]: " + pasted(logo(t))},
	} {
		e.Write("#f-signature", "")
		e.paste(c.html)
		e.has(what, c.want)
	}

	e.Press("form.page button.main")
	e.Shows("Saved.")
}

// A signature that begins with an address in <> is Markdown, as mails read it.
// Requirement R-176: Signatures.
func TestSignatureButtonsBehindAnAddress(t *testing.T) {
	t.Parallel()
	e := editor{sitetest.Start(t, sitetest.Acme).Browser("ann@acme.test"), t}
	e.Open("/settings/accounts/support-mail/signature")
	e.Write("#f-signature", "<https://acme.test> Lamps")
	e.choose("Lamps")
	e.Press("[data-mark=bold]")
	e.has("bold", "<https://acme.test> **Lamps**")
}

// Where customers see signatures as text, the page shows that text and takes no pictures; and where no account has
// mails, nobody is offered a signature of their own, which would stand nowhere.
// Requirement R-176: Signatures.
// Requirement R-177: Signatures of accounts and of people.
func TestSignatureOfChats(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, `
company: Acme
agents:
  - {email: ann@acme.test, name: Ann Lee, roles: [admin]}
teams:
  - {name: Support, members: [ann@acme.test], slack_channel: C0SUPPORT}
accounts:
  - {name: chat, kind: whatsapp, team: Support, whatsapp: {phone_number_id: "1", waba_id: "2", token: t, app_secret: s, verify_token: v}}
  - {name: page, kind: messenger, team: Support, messenger: {page_id: "3", token: t, app_secret: s, verify_token: v}}
  - {name: texts, kind: sms, team: Support, twilio: {account_sid: AC00000000000000000000000000000001, auth_token: t, from: "+15005550006"}}
  - {name: twilio-chat, kind: twilio_whatsapp, team: Support, twilio: {account_sid: AC00000000000000000000000000000001, auth_token: t, from: "+15005550007"}}
`)

	ann := s.Visitor("ann@acme.test")
	for account, want := range map[string]string{
		"chat":        "*Acme* lamps",
		"page":        "Acme lamps",
		"texts":       "Acme lamps",
		"twilio-chat": "*Acme* lamps",
	} {
		path := fmt.Sprintf("/settings/accounts/%s/signature", account)
		if a := ann.Get(path); a.Has(`type="file"`) || !a.Has("Pictures are not sent") {
			t.Errorf("%s: it offers pictures, or doesn't say that they are not sent", account)
		}
		values := map[string][]string{"version": {ann.Get(path).Version()}, "signature": {"**Acme** lamps"}}
		a := ann.Upload(path, with(values, map[string][]string{"preview": {"yes"}}), sitetest.File{
			Field:   "picture",
			Name:    "a.png",
			Type:    "image/png",
			Content: logo(t),
		})
		if !a.Has(`<p class="said">`+want+`</p>`) || a.Has("data:image") {
			t.Errorf("%s: shown is %s", account, a.Body)
		}
		if ann.Upload(path, values); accountOf(t, s, account).Signature != "**Acme** lamps" {
			t.Errorf("%s: stored is %q", account, accountOf(t, s, account).Signature)
		}
	}

	for _, path := range []string{"/settings/me", "/settings/agents/ann@acme.test"} {
		if a := ann.Get(path); a.Has("f-signature") || !a.Has("f-zone") {
			t.Errorf("%s offers a signature that would stand nowhere", path)
		}
	}
}
