package site_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"parley/cmd/parley/site/sitetest"
)

// teamsPage is a page of a Teams client. It shows the tab in a frame and answers it as Teams does, with the messages of Teams' own library.
// said lists what the tab has asked for. The placeholders are whether Teams gives a token, and the token or the error.
const teamsPage = `<!doctype html><title>Teams</title><style>body{margin:0}iframe{border:0;width:100vw;height:100vh}</style>
<script>
window.said = [];
const answers = {"initialize": ["content", "web", JSON.stringify({apiVersion: 4, supports: {}}), "2.58.0"], "authentication.getAuthToken": [%s, %s]};
window.addEventListener("message", (e) => {
	if (e.origin !== "https://` + tabHost + `") return;
	window.said.push(e.data.func);
	const args = answers[e.data.func];
	if (args) e.source.postMessage({id: e.data.id, uuidAsString: e.data.uuidAsString, args: args}, e.origin);
});
</script><iframe src="https://` + tabHost + `/auth/tab?to=inbox"></iframe>`

// tabWindow is a window of Chromium for which Teams, and an evil site, are pages of a test that show the tab in a frame.
type tabWindow struct {
	*sitetest.Browser
	*tabSite

	t *testing.T
}

// openTabWindow opens a window in which https://teams.microsoft.com gives the tab a token of Ann's, and https://teams.microsoft.com/refuses
// refuses one. https://evil.test does the same as Teams.
func openTabWindow(t *testing.T) *tabWindow {
	t.Helper()
	tab := startTab(t)
	token := must(json.Marshal(tab.token(t, tokenRequest{})))(t)
	around := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/refuses" {
			fmt.Fprintf(w, teamsPage, "false", `"CancelledByUser"`)
			return
		}
		fmt.Fprintf(w, teamsPage, "true", token)
	}))
	t.Cleanup(around.Close)

	host := func(address string) string { return strings.TrimPrefix(address, "https://") }
	hosts := fmt.Sprintf("MAP %s:443 %s, MAP teams.microsoft.com:443 %s, MAP evil.test:443 %s",
		tabHost, host(tab.URL), host(around.URL), host(around.URL))
	b := tab.Window(chromedp.IgnoreCertErrors,
		chromedp.Flag("host-resolver-rules", hosts),
		chromedp.Flag("test-third-party-cookie-phaseout", true))
	return &tabWindow{t: t, tabSite: tab, Browser: b}
}

func (w *tabWindow) visit(address string) {
	w.t.Helper()
	w.Do("open "+address, chromedp.Navigate(address))
}

// countSessions returns how many browsers are signed in.
func (w *tabWindow) countSessions() int {
	w.t.Helper()
	return countRowsOf(w.t, w.Site, `SELECT count(*) FROM site_sessions WHERE expires_at > clock_timestamp()`)
}

// waitForSessions waits until so many browsers are signed in.
func (w *tabWindow) waitForSessions(want int) {
	w.t.Helper()
	end := time.Now().Add(5 * time.Minute)
	for w.countSessions() != want {
		if time.Now().After(end) {
			w.t.Fatalf("%d browsers are signed in, want %d", w.countSessions(), want)
		}
		w.Do("wait", chromedp.WaitReady(chromedp.CSS("iframe")))
	}
}

// In Chromium, framed by Teams, the tab asks for the token by Teams' own library, shows the inbox, and takes a form.
// Requirement R-274: An inbox in the browser.
func TestTabInBrowser(t *testing.T) {
	t.Parallel()
	w := openTabWindow(t)
	w.visit("https://teams.microsoft.com/")
	w.Until("the token was handed in", "window.said.includes('appInitialization.success')")
	w.waitForSessions(1)
	w.Frame(tabHost).Until("Ann's inbox is shown",
		"document.querySelector('.tabs') && document.querySelector('.who').innerText.includes('Ann Lee')")
	w.Frame(tabHost).Until("a form is handed in", "fetch('/auth/sign-out', {method: 'POST'})")
	w.waitForSessions(0)
}
