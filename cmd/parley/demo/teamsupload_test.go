package demo

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"parley/cmd/parley/demo/company"
)

// An agent sends files on the page to which the form of a reply leads. Her text is there already, an error is shown, and the
// dialog closes once everything is sent.
func TestTeamsUploadPage(t *testing.T) {
	t.Parallel()
	l := newTeamsThread(t, "The form", "Send me the form, please.")
	l.click(inThread + ` [data-tool="more"]`)
	l.js("reply", `[...document.querySelectorAll('.menu button')].find((b) => b.textContent.startsWith('Reply to customer')).click()`)
	l.until("a dialog opens", `document.querySelector('#modal[open] [data-input="t:text"]')`)
	l.write(`#modal [data-input="t:text"]`, "50 % & more #1")

	l.js("listen as Teams does", `window.told = [], addEventListener('message', (e) => told.push(JSON.stringify(e.data)))`)
	l.click(`#modal [data-label="Attach files…"]`)
	l.until("the page is loaded", `document.querySelector('#modal[open] iframe.t-page:not([aria-busy])')`)
	link := must(chromedp.Run(l.ctx, chromedp.Evaluate[string](`document.querySelector('iframe.t-page').src`)))(t)
	l.untilTeamsHears(0, "initialize", "v2_app.initialize", `["2.58.0",4,null]`)

	in := chromedp.FromNode(l.frame("#modal iframe.t-page", "#hint"))
	if typed, err := chromedp.Run(l.ctx, chromedp.Value(chromedp.CSS("#text"), in)); err != nil || typed != "50 % & more #1" {
		t.Errorf("typed: %q, %v", typed, err)
	}
	file := func(name, content string) string {
		path := filepath.Join(t.TempDir(), name)
		check(t, os.WriteFile(path, []byte(content), 0o600))
		return path
	}

	l.do("choose an empty file", chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{file("empty.txt", "")}, in),
		chromedp.WaitVisible(chromedp.CSS("#problem:not([hidden])"), in))
	l.do("choose others",
		chromedp.SetUploadFiles(chromedp.CSS("#file"),
			[]string{file("form.txt", "sign here"), file(strings.Repeat("a-very-long-name-", 8)+".txt", "x")}, in),
		chromedp.WaitNotVisible(chromedp.CSS("#problem"), in))
	l.shot("teams-upload")

	l.do("send", chromedp.Click(chromedp.CSS(".foot button"), in))
	l.until("the dialog closes by itself", `!document.querySelector('#modal[open]')`)
	l.untilShown(inThread, "form.txt")
	l.shot("teams-uploaded")
	l.endHold()
	l.untilOutside("Maria has the file", func() bool {
		list := l.company.Mail.Inbox(maria)
		return len(list) == 1 && strings.Contains(list[0].Text, "50 % & more #1") && len(list[0].Attachments) == 2
	})
	l.checkTeamsProblems()
	l.untilTeamsHears(1, "tasks.completeTask", "v2_dialog.url.submit", `[{"uploaded":true},["`+company.TeamsAppID+`"]]`)

	phone := `window.told = []; window.nativeInterface = { framelessPostMessage: (m) => told.push(m) }`
	l.do("open the page as phones do, in no frame", func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, t, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: phone})
		return chromedp.Void{}, err
	}, chromedp.Navigate(link))
	l.untilTeamsHears(0, "initialize", "v2_app.initialize", `["2.58.0",4,null]`)
}

// untilTeamsHears waits until the page has sent its host a message, in the format of Microsoft's library.
// Source: the messages that npm @microsoft/teams-js 2.58.0 sent in a browser.
func (l *live) untilTeamsHears(id int, function, tag, args string) {
	l.t.Helper()
	l.until("the host hears "+function, fmt.Sprintf(
		`window.told?.map((m) => JSON.parse(m)).some((m) => m.id === %d && m.func === %q && m.apiVersionTag === %q &&
		JSON.stringify(m.args) === %q && m.isProxiedFromChild === false && Math.abs(m.timestamp - m.monotonicTimestamp) < 60000 &&
		[m.uuidAsString, m.teamsJsInstanceId].every((u) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(u)))`, id, function, tag, args))
}

// frame returns the node of a frame, once something in it is visible. It looks for the node again and again, because a node
// that the browser returned before it loaded the frame's document is useless.
func (l *live) frame(selector, visible string) *chromedp.Node {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.ctx, stepTime)
	defer cancel()
	for ctx.Err() == nil {
		nodes, err := chromedp.Run(ctx, chromedp.Nodes(chromedp.CSS(selector)))
		if err != nil || len(nodes) == 0 {
			continue
		}
		try, stop := context.WithTimeout(ctx, 2*time.Second)
		err = chromedp.Do(try, chromedp.WaitVisible(chromedp.CSS(visible), chromedp.FromNode(nodes[0])))
		stop()
		if err == nil {
			return nodes[0]
		}
	}
	l.fail("no frame %s shows %s", selector, visible)
	return nil
}
