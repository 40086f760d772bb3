package site_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"parley/channels/emulator"
	"parley/channels/graphfake"
	"parley/channels/meta"
	"parley/cmd/parley/site"
	"parley/store"
)

// newSignUpWorld is a site whose company has an app at Meta for embedded sign-up.
func newSignUpWorld(t *testing.T) *numberWorld {
	t.Helper()
	w := newNumberWorld(t, bare, func(w *numberWorld, o *site.Options) {
		o.SignUp = must(meta.NewSignUp(meta.SignUpOptions{AppID: "9000000001", Secret: appSecret, Config: "77001",
			APIURL: w.meta.URL(), DialogURL: w.meta.URL() + "/v26.0/dialog/oauth"}))(t)
		w.meta.AddNumber(graphfake.NumberConfig{ID: "1057", WABA: "2067", Display: "+15550107", Name: "Acme Spain", New: true})
	})
	return w
}

// An admin signs up at Meta and chooses one of the numbers that she granted, and its webhook is set.
// Requirement R-008: Meta's Cloud API, with its templates.
func TestSignUpWithMeta(t *testing.T) {
	t.Parallel()
	w := newSignUpWorld(t)
	b := w.Browser("ann@acme.test")
	b.Open("/settings/add-whatsapp")
	b.Looks("signup-choose")
	b.Press(`form[action$="/sign-up"] button`)
	b.Shows("(emulated)")
	b.Press(`button[value="cancel"]`)
	b.Shows("You did not allow it at Meta")

	b.Open("/settings/add-whatsapp")
	b.Press(`form[action$="/sign-up"] button`)
	b.Press(`button[value="allow"]`)
	b.Shows("Choose the number")
	b.Shows("Acme Spain")
	b.Looks("signup-numbers")
	b.Until("nothing of New is cut off",
		"[...document.querySelectorAll('label .pill')].some((p) => p.textContent === 'New' && getComputedStyle(p).textIndent === '0px')")
	b.Until("the menu says where this belongs", "document.querySelector('nav [aria-current]').textContent === 'Channels'")

	b.Press(`input[value="1057"]`)
	b.Press("form.page button.main")
	b.Shows("must have 6 digits")
	b.Write("#f-pin", "123456")
	b.Press("form.page button.main")
	b.Shows("The account was added. It is in watch mode. Meta calls Parley.")

	b.Press(`form[action$="/test"] button`)
	b.Shows("Meta calls " + w.public + "/hooks/whatsapp")
	if got := b.Value("String(document.querySelectorAll('.pill.bad').length)"); got != "0" {
		t.Errorf("%s faults", got)
	}

	a, config := w.stored("whatsapp")
	if a.Mode != store.ModeWatch || config["waba_id"] != "2067" || config["phone_number_id"] != "1057" || config["app_secret"] != appSecret ||
		!strings.HasPrefix(config["token"], "EAA") {
		t.Errorf("stored: %+v", a)
	}
}

// The answer of Meta can be used once, in the session in which the attempt began, and only for a while. A
// number to which nobody granted access can't be chosen.
func TestSignUpIsGuarded(t *testing.T) {
	t.Parallel()
	w := newSignUpWorld(t)
	v := w.Visitor("ann@acme.test")

	// granted signs up at Meta, and gives the path to which the browser is sent back.
	granted := func(wabas ...string) string {
		t.Helper()
		page := v.Post("/settings/add-whatsapp/sign-up", nil)
		_, rest, _ := strings.Cut(page.Body, `<a class="button main" href="`)
		link, _, _ := strings.Cut(rest, `"`)
		client := emulator.NewClient()
		client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		r := must(http.NewRequestWithContext(t.Context(), http.MethodPost, strings.ReplaceAll(link, "&amp;", "&"),
			strings.NewReader(url.Values{"answer": {"allow"}, "waba": wabas}.Encode())))(t)
		answer := must(client.Do(r))(t)
		_ = answer.Body.Close()
		return strings.TrimPrefix(answer.Header.Get("Location"), w.URL)
	}
	refused := func(what, path, text string) {
		t.Helper()
		if a := v.Get(path); a.Status != http.StatusBadRequest || !a.Has(text) {
			t.Errorf("%s: %d %s", what, a.Status, a.Body)
		}
	}

	back := granted("2066")
	if a := w.Visitor("ann@acme.test").Get(back); a.Status != http.StatusBadRequest || !a.Has("Nobody began this attempt here") {
		t.Errorf("in another browser: %d %s", a.Status, a.Body)
	}
	if a := v.Get(back); a.Header.Get("Location") != "/settings/add-whatsapp/numbers" {
		t.Fatalf("%d %s", a.Status, a.Body)
	}

	refused("replayed", back, "it was finished before")
	refused("made up", "/settings/add-whatsapp/return?state=x&code=y", "Nobody began this attempt here")
	for number, text := range map[string]string{"1057": "Choose one of the numbers", "": "Choose one of the numbers"} {
		chosen := url.Values{"number": {number}, "name": {"wa"}}
		if a := v.Post("/settings/add-whatsapp/numbers", chosen); a.Status != http.StatusUnprocessableEntity || !a.Has(text) {
			t.Errorf("number %q: %d %s", number, a.Status, a.Body)
		}
	}

	if a := v.Get("/settings/add-whatsapp/numbers"); a.Has("1057") || !a.Has("1055") || a.Has("EAA") || a.Has(appSecret) {
		t.Errorf("offered: %s", a.Body)
	}

	check(t, w.meta.Subscribe(t.Context(), "2066", w.public+"/echo", "x"))
	chosen := url.Values{"number": {"1055"}, "name": {"wa"}}
	if a := v.Post("/settings/add-whatsapp/numbers", chosen); a.Header.Get("Location") != "/settings/accounts/wa" {
		t.Errorf("chosen: %d %s", a.Status, a.Body)
	}
	if a := v.Get("/settings/accounts/wa"); !a.Has("Meta calls another program for this number") {
		t.Errorf("what another program has is not asked about: %s", a.Body)
	}
	if a := v.Get("/settings/add-whatsapp/numbers"); a.Status != http.StatusNotFound {
		t.Errorf("the grant is kept: %d", a.Status)
	}

	used := granted("2066")
	code := used[strings.Index(used, "code="):]
	first := v.Get(used)
	again := granted("2066")
	refused("a code that was used",
		again[:strings.Index(again, "code=")]+code[:strings.Index(code+"&", "&")]+"&"+again[strings.Index(again, "state="):],
		"Meta no longer takes this answer")
	if first.Status != http.StatusSeeOther {
		t.Errorf("%d", first.Status)
	}

	if a := v.Get(granted()); a.Header.Get("Location") != "/settings/add-whatsapp/numbers" {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	refused("no account was granted", "/settings/add-whatsapp/numbers", "granted no WhatsApp account with a number")

	late := granted("2066")
	w.ahead.Store(int64(31 * time.Minute))
	refused("late", late, "This attempt took too long")
}
