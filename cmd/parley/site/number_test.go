package site_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"parley/bridge/setup"
	"parley/channels"
	"parley/channels/graphfake"
	"parley/channels/twilio/twiliofake"
	"parley/cmd/parley/app"
	"parley/cmd/parley/operate"
	"parley/cmd/parley/site"
	"parley/cmd/parley/site/sitetest"
	"parley/store"
)

// numberWorld is a site between an emulated Meta and an emulated Twilio, which reach the webhooks of its accounts.
type numberWorld struct {
	*sitetest.Site
	meta   *graphfake.Server
	twilio *twiliofake.Server
	public string
	ahead  atomic.Int64 // how far the site's clock is ahead
}

const (
	waToken     = "EAAwhatsapptoken"
	pageToken   = "EAApagetoken"
	twilioToken = "twiliotops3cret"
	appSecret   = "appsecr3t"
	twilioSID   = "AC00000000000000000000000000000001"
)

func newNumberWorld(t *testing.T, yaml string, change ...func(*numberWorld, *site.Options)) *numberWorld {
	t.Helper()
	w := &numberWorld{meta: graphfake.New(graphfake.Options{AppSecret: appSecret, SignUpConfig: "77001"})}
	check(t, w.meta.Start(""))
	t.Cleanup(func() { _ = w.meta.Close() })
	w.meta.AddNumber(graphfake.NumberConfig{ID: "1055", WABA: "2066", Display: "+15550100"})
	w.meta.AllowTokenFor(waToken, graphfake.TokenOptions{IDs: []string{"1055", "2066"}})
	w.meta.AddPage(graphfake.PageConfig{ID: "3077", Name: "Acme"})
	w.meta.AllowTokenFor(pageToken, graphfake.TokenOptions{IDs: []string{"3077"}, Page: true})
	w.twilio = must(twiliofake.Start(twiliofake.Options{AccountSID: twilioSID, AuthToken: twilioToken, Numbers: []twiliofake.Number{
		{Address: "+15550101", Webhook: "https://former.test/in"}, {Address: "whatsapp:+15550102"}, {Address: "+15550103", NoSMS: true}}}))(t)
	t.Cleanup(w.twilio.Close)

	hooks := httptest.NewServer(http.HandlerFunc(w.hook))
	t.Cleanup(hooks.Close)
	w.public = hooks.URL

	w.Site = sitetest.Start(t, yaml, func(o *site.Options) {
		o.Outside = w.outside
		o.Now = func() time.Time { return time.Now().Add(time.Duration(w.ahead.Load())) }
		for _, c := range change {
			c(w, o)
		}
	})
	return w
}

func (w *numberWorld) outside(spec channels.Spec, account string, _ channels.Config) channels.Env {
	env := channels.Env{HookURL: w.public + "/hooks/" + account, APIURL: w.meta.URL()}
	if spec.Section == "twilio" {
		env.APIURL = w.twilio.URL()
	}
	return env
}

// stored finds an account and its settings.
func (w *numberWorld) stored(name string) (a store.Account, config channels.Config) {
	accounts, err := store.ListAccounts(w.T.Context(), w.Pool)
	if err != nil {
		w.T.Error(err)
	}
	for _, a = range accounts {
		for _, spec := range app.Specs() {
			if a.Name == name && a.Kind == spec.Kind {
				if config, err = setup.OpenConfig(a, sitetest.Sealer(w.T), spec); err != nil {
					w.T.Error(err)
				}
				return a, config
			}
		}
	}
	return store.Account{}, nil
}

// hook answers webhooks as the channel of the account does.
func (w *numberWorld) hook(rw http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/echo" { // another program
		_, _ = rw.Write([]byte(r.FormValue("hub.challenge"))) //nolint:gosec // of an emulator
		return
	}
	a, config := w.stored(strings.TrimPrefix(r.URL.Path, "/hooks/"))
	c, err := operate.Make(r.Context(), operate.Options{Pool: w.Pool, Specs: app.Specs(), Outside: w.outside}, a, config)
	if err != nil {
		http.NotFound(rw, r)
		return
	}
	c.(channels.Webhook).ServeHTTP(rw, r)
}

// An admin chooses Meta, sees what is needed, and pastes ids and secrets. Each of them is tested, and a fault is
// shown beside its field. She sees what will be changed, and then Meta calls Parley.
// Requirement R-007: WhatsApp by Meta or by Twilio.
// Requirement R-008: Meta's Cloud API, with its templates.
// Requirement R-010: A wizard that lists what is needed first.
func TestAddWhatsApp(t *testing.T) {
	t.Parallel()
	w := newNumberWorld(t, bare)
	w.meta.AllowTokenFor("short", graphfake.TokenOptions{
		IDs:     []string{"1055", "2066"},
		Scopes:  []string{"whatsapp_business_messaging"},
		Expires: time.Now().Add(20 * time.Hour),
	})

	b := w.Walk("ann@acme.test")
	b.Open("/settings/accounts")
	b.Press(`a[href="/settings/add-whatsapp"]`)
	b.Shows("Meta's rates, and what Twilio takes for each message.")
	b.Looks("number-choose")
	b.Press(`a[href="/settings/add-number/whatsapp"]`)
	b.Shows("verified by Meta")
	b.Shows(w.public + "/hooks/whatsapp")
	b.Looks("number-add")
	b.Press("form.page button.main")
	b.Shows("This is needed.")

	b.Write("#f-whatsapp-token", "mistyped")
	b.Write("#f-whatsapp-phone_number_id", "1055")
	b.Write("#f-whatsapp-waba_id", "2066")
	b.Write("#f-whatsapp-app_secret", "of another app")
	b.Press("form.page button.main")
	b.Has("#f-whatsapp-token-problem")
	b.Shows("doesn't accept the access token")
	b.Has("#f-whatsapp-app_secret:not([aria-invalid])")
	b.Write("#f-whatsapp-token", "short") // the secret is held, so that it need not be pasted again
	b.Press("form.page button.main")
	b.Has("#f-whatsapp-app_secret-problem")
	b.Shows("isn't the secret of the app")

	b.Write("#f-whatsapp-app_secret", appSecret)
	b.Write("#f-whatsapp-phone_number_id", "1056")
	b.Press("form.page button.main")
	b.Has("#f-whatsapp-phone_number_id-problem")
	b.Write("#f-whatsapp-phone_number_id", "1055")
	b.Press("form.page button.main")
	b.Has("#f-whatsapp-token-problem")
	b.Shows("lacks the permission whatsapp_business_management")
	b.Shows("It ends on")
	b.Looks("number-refused")

	b.Write("#f-whatsapp-token", waToken)
	b.Press("form.page button.main")
	b.Shows("The account was added. It is in watch mode.")
	a, config := w.stored("whatsapp")
	if a.Mode != store.ModeWatch || config["app_secret"] != appSecret || config["token"] != waToken || len(config["verify_token"]) < 16 {
		t.Errorf("stored: %+v", a)
	}

	b.Press(`form[action$="/webhook"] button`)
	b.Shows("Callback for messages to the business account 2066")
	b.Looks("number-webhook")
	b.Press(`button[name="set"]`)
	b.Shows("It was set.")
	b.Has("tr:nth-of-type(3) td .pill.good")

	b.Press(`form[action$="/test"] button`)
	b.Shows("Meta calls " + w.public + "/hooks/whatsapp")
	b.Looks("number-tested")

	b.Open("/settings/log")
	b.Shows("Callback for messages to the business account 2066: nothing → " + w.public + "/hooks/whatsapp")
	b.Open("/settings/accounts")
	b.Press(`a[href="/settings/accounts/whatsapp"]`)
	b.Shows("Test now")
}

// An admin adds a number at Twilio and a Page, tests them, and has them call Parley, all without a script. If a token
// may not do that, the page says what to do by hand.
// Requirement R-011: A Messenger account is one page.
// Requirement R-012: An SMS account is one number.
func TestAddOtherNumbers(t *testing.T) {
	t.Parallel()
	w := newNumberWorld(t, bare)
	v := w.Visitor("ann@acme.test")
	sms := url.Values{
		"name":               {"sms"},
		"team":               {"Support"},
		"twilio.account_sid": {twilioSID},
		"twilio.auth_token":  {"wrong"},
		"twilio.from":        {"+15550103"},
	}
	if a := v.Post("/settings/add-number/sms", sms); a.Status != http.StatusUnprocessableEntity || !a.Has("f-twilio-auth_token-problem") {
		t.Errorf("a wrong token: %d %s", a.Status, a.Body)
	}
	sms.Set("twilio.auth_token", twilioToken)
	if a := v.Post("/settings/add-number/sms", sms); a.Status != http.StatusUnprocessableEntity || !a.Has("carry text messages") {
		t.Errorf("a number for calls: %d %s", a.Status, a.Body)
	}

	sms.Set("twilio.from", "+15550101")
	sms.Del("twilio.auth_token") // the session holds it
	if a := v.Post("/settings/add-number/sms", sms); a.Header.Get("Location") != "/settings/accounts/sms" {
		t.Fatalf("%d %s", a.Status, a.Body)
	}

	if a := v.Post("/settings/accounts/sms/webhook", nil); !a.Has("POST https://former.test/in") || !a.Has(`name="set"`) {
		t.Errorf("before: %s", a.Body)
	}
	if a := v.Post("/settings/accounts/sms/webhook", url.Values{"set": {"yes"}}); !a.Has("It was set.") ||
		!a.Has(w.public+"/hooks/sms#rc=5&amp;rp=all") || a.Has(`name="set"`) {
		t.Errorf("after: %s", a.Body)
	}

	wa := url.Values{"name": {"wa"}, "twilio.account_sid": {twilioSID}, "twilio.auth_token": {twilioToken}, "twilio.from": {"+15550102"}}
	if a := v.Post("/settings/add-number/twilio_whatsapp", wa); a.Header.Get("Location") != "/settings/accounts/wa" {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	wantShown(t, "a number without a team", v.Get("/settings/accounts/wa"), "The account was added.", "Account wa: no channel for its threads")

	page := url.Values{"name": {"page"}, "messenger.page_id": {"3078"}, "messenger.token": {pageToken}, "messenger.app_secret": {appSecret}}
	if a := v.Post("/settings/add-number/messenger", page); a.Status != http.StatusUnprocessableEntity ||
		!a.Has("f-messenger-page_id-problem") {
		t.Errorf("another Page: %d %s", a.Status, a.Body)
	}
	page.Set("messenger.page_id", "3077")
	if a := v.Post("/settings/add-number/messenger", page); a.Header.Get("Location") != "/settings/accounts/page" {
		t.Fatalf("%d %s", a.Status, a.Body)
	}

	w.meta.AllowTokenFor(pageToken, graphfake.TokenOptions{IDs: []string{"3077"}, Scopes: []string{"pages_messaging"}, Page: true})
	if a := v.Post("/settings/accounts/page/webhook", url.Values{"set": {"yes"}}); a.Status != http.StatusUnprocessableEntity ||
		!a.Has("refuses the Page") || !a.Has(w.public+"/hooks/page") {
		t.Errorf("without the right: %d %s", a.Status, a.Body)
	}
	w.meta.AllowTokenFor(pageToken, graphfake.TokenOptions{IDs: []string{"3077"}, Page: true})
	if a := v.Post("/settings/accounts/page/webhook", url.Values{"set": {"yes"}}); !a.Has("It was set.") {
		t.Errorf("with the right: %d %s", a.Status, a.Body)
	}
	if a := v.Post("/settings/accounts/page/test", nil); a.Has("Fault") || !a.Has("Facebook calls "+w.public) {
		t.Errorf("tested: %s", a.Body)
	}
}

// No page shows a secret that was typed, and no session holds it readable. Markup that somebody types into a field
// comes back as text.
func TestSecretsOfNumbers(t *testing.T) {
	t.Parallel()
	w := newNumberWorld(t, bare)
	v := w.Visitor("ann@acme.test")
	evil := `"><script>alert(1)</script>`
	secrets := []string{waToken, pageToken, appSecret, twilioToken, "verifys3cret"}
	for kind, form := range map[string]url.Values{
		"whatsapp": {"whatsapp.token": {waToken}, "whatsapp.app_secret": {appSecret}, "whatsapp.phone_number_id": {evil},
			"whatsapp.waba_id": {evil}, "whatsapp.verify_token": {"verifys3cret"}},
		"messenger":       {"messenger.token": {pageToken}, "messenger.app_secret": {appSecret}, "messenger.page_id": {evil}},
		"sms":             {"twilio.account_sid": {evil}, "twilio.auth_token": {twilioToken}, "twilio.from": {evil}},
		"twilio_whatsapp": {"twilio.account_sid": {evil}, "twilio.auth_token": {twilioToken}, "twilio.from": {evil}},
	} {
		form.Set("name", evil)
		form.Set("team", evil)
		path := "/settings/add-number/" + kind
		for _, a := range []sitetest.Answer{v.Post(path, form), v.Get(path)} {
			if a.Has("<script>alert") || a.Status >= 500 {
				t.Errorf("%s: %d %s", kind, a.Status, a.Body)
			}
			for _, secret := range secrets {
				if a.Has(secret) {
					t.Errorf("%s shows %s", kind, secret)
				}
			}
		}

		var found int
		if err := w.Pool.QueryRow(t.Context(), `SELECT count(*) FROM site_sessions, unnest($1::text[]) secret
			WHERE position(secret IN encode(data, 'escape')) > 0`,
			secrets).Scan(&found); err != nil || found != 0 {
			t.Errorf("%s: a session holds a secret: %v", kind, err)
		}
	}
	// Now the session has secrets of this kind, whichever kind the loop ended with.
	v.Post("/settings/add-number/sms", url.Values{"name": {"x"}, "twilio.auth_token": {twilioToken}})
	if a := v.Get("/settings/add-number/whatsapp"); a.Has("Stored; leave empty to keep it") {
		t.Error("secrets of one kind are kept for another")
	}
}
