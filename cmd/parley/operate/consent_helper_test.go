package operate

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/channels"
	emailmailbox "parley/channels/email/mailbox"
	"parley/channels/email/oauthfake"
	"parley/store"
	"parley/store/storetest"
)

const (
	consentMailbox = "help@acme.test"
	home           = "http://127.0.0.1:9/back" // where the provider sends people back to

	// Parley's registration at the provider.
	clientID     = "client-1"
	clientSecret = "client-secret-1"
)

// office is a Parley with one mailbox at an emulated provider, Google or Microsoft. Its processes (replica) share the database
// and nothing else.
type office struct {
	t        *testing.T
	provider *oauthfake.Server
	pool     *pgxpool.Pool
	account  store.Account
	clock    *clock
	logged   *diary
}

// clock is a provider's, which can be moved.
type clock struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

// diary keeps what is logged.
type diary struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (d *diary) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.text.Write(p)
}

func (d *diary) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.text.String()
}

func newOffice(t *testing.T, o oauthfake.Options) *office {
	t.Helper()
	f := &office{t: t, clock: &clock{}, logged: &diary{}, pool: storetest.Reused(t)}
	o.ClientID, o.ClientSecret = clientID, clientSecret
	if o.Clock == nil {
		o.Clock = f.clock.now
	}
	f.provider = oauthfake.New(o)
	storetest.Check(t, f.provider.Start(""))
	t.Cleanup(func() { _ = f.provider.Close() })
	f.addAccount(string(o.Provider))
	return f
}

func (f *office) addAccount(provider string) {
	f.t.Helper()
	config := storetest.Must(json.Marshal(map[string]string{"address": consentMailbox, "aliases": "billing@acme.test", "oauth": provider}))(f.t)
	f.account = store.Account{
		Name:      "support-mail",
		Kind:      "email",
		Side:      store.SideChannel,
		Mode:      store.ModeLive,
		ReplyMode: store.ReplyDirect,
		Rate:      1,
		Config:    config,
	}
	f.account.ID = storetest.Must(store.SaveAccount(f.t.Context(), f.pool, f.account))(f.t)
}

// replica is one more process of the office.
func (f *office) replica() *Keeper {
	f.t.Helper()
	sealer := storetest.Must(store.NewSealer("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="))(f.t)
	app := emailmailbox.App{ID: clientID, Secret: clientSecret, AuthURL: f.provider.AuthURL(), TokenURL: f.provider.TokenURL()}
	log := slog.New(slog.NewTextHandler(f.logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	return New(f.pool, sealer, map[string]emailmailbox.App{f.name(): app}, log)
}

func (f *office) name() string {
	var config map[string]string
	storetest.Check(f.t, json.Unmarshal(f.account.Config, &config))
	return config["oauth"]
}

// connect signs a person in, who leaves out some scopes.
func (f *office) connect(k *Keeper, who string, without ...string) (string, error) {
	f.t.Helper()
	flow, link, err := k.Begin(f.account, f.name(), f.redirect())
	if err != nil {
		return "", err
	}
	back := storetest.Must(f.provider.SignIn(f.t.Context(), link, who, without...))(f.t)
	return k.Finish(f.t.Context(), f.account, f.name(), flow, query(f.t, back))
}

func (f *office) redirect() string {
	if f.name() == emailmailbox.Microsoft {
		return strings.Replace(home, "127.0.0.1", "localhost", 1)
	}
	return home
}

func query(t *testing.T, address string) url.Values {
	t.Helper()
	u := storetest.Must(url.Parse(address))(t)
	return u.Query()
}

// newConnectedOffice returns an office whose mailbox is connected, with the grant of one replica.
func newConnectedOffice(t *testing.T, o oauthfake.Options) (*office, channels.Grant) {
	t.Helper()
	f := newOffice(t, o)
	k := f.replica()
	who, err := f.connect(k, consentMailbox)
	if err != nil {
		t.Fatalf("connecting: %v", err)
	}
	if who != consentMailbox {
		t.Fatalf("connected as %q, want %q", who, consentMailbox)
	}
	return f, k.ConsentOf(f.account, f.name())
}

// makeTokenDue makes the stored access token one that is to be replaced.
func (f *office) makeTokenDue() {
	f.t.Helper()
	storetest.Exec(f.t, f.pool, `UPDATE grants SET renew_at = clock_timestamp() - interval '1 second'`)
}

// expireToken makes the stored access token one that has ended.
func (f *office) expireToken() {
	f.t.Helper()
	storetest.Exec(f.t, f.pool, `
		UPDATE grants
		SET renew_at = clock_timestamp() - interval '1 second', expires_at = clock_timestamp() - interval '1 second'`)
}

// wantToken checks that the grant gives an access token that opens the mailbox. refused is one that the mail server has refused; ""
// means none.
func (f *office) wantToken(g channels.Grant, refused string) string {
	f.t.Helper()
	token, err := g.Token(f.t.Context(), refused)
	if err != nil {
		f.t.Fatalf("getting a token: %v", err)
	}
	if !f.provider.Accepts(consentMailbox, token) {
		f.t.Fatal("the token does not open the mailbox")
	}
	return token
}

// wantError checks that the grant gives an error of a class and no token, and returns what it says.
func wantError(t *testing.T, g channels.Grant, class channels.Class) (text, hint string) {
	t.Helper()
	token, err := g.Token(t.Context(), "")
	var refused *channels.SendError
	if !errors.As(err, &refused) {
		t.Fatalf("got the error %v, want a SendError of class %s", err, class)
	}
	if refused.Class != class {
		t.Fatalf("got the error %v of class %s, want class %s", err, refused.Class, class)
	}
	if refused.Text == "" {
		t.Errorf("%v: there is no text", err)
	}
	if refused.Hint == "" {
		t.Errorf("%v: there is no hint what to do", err)
	}
	if token != "" {
		t.Errorf("got a token with the error %v", err)
	}
	return refused.Error(), refused.Hint
}

// countRefreshes counts the requests for a refresh that came to the provider.
func (f *office) countRefreshes() int { return len(f.presentedTokens()) }

// presentedTokens returns the refresh tokens that the provider got, the first first.
func (f *office) presentedTokens() (tokens []string) {
	for _, c := range f.provider.Calls() {
		if c.Grant == "refresh_token" {
			tokens = append(tokens, c.RefreshToken)
		}
	}
	return tokens
}
