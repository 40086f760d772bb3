package demo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"parley/bot/slack/slackfake"
	"parley/bot/teams/teamsfake"
	"parley/channels/email/mailfake"
	"parley/cmd/parley/lab"
)

// The company's mailbox, and its channels (Support, Random) and people in Slack by their ids.
const (
	HelpAddress  = lab.HelpAddress
	HelpPassword = lab.HelpPassword
	Support      = lab.Support
	Random       = "C0RANDOM001"
	Ann          = lab.Ann
	Ben          = lab.Ben
	Zoe          = lab.Zoe
	Owner        = "U0OWNER0001" // the workspace's admin
)

// CompanyOptions configure a Company. The zero value means a mail server and a Slack workspace, at free ports on loopback.
type CompanyOptions struct {
	Log *slog.Logger
	// Clock is the emulators' clock; nil means time.Now.
	Clock func() time.Time
	// TokenClock sets the times in tokens that Teams signs; nil means Clock. Parley checks these tokens against
	// the machine's clock, even if Clock was moved.
	TokenClock func() time.Time
	// PublicURL is Parley's own URL, such as http://127.0.0.1:8080. Teams and the phone providers send webhooks to it.
	PublicURL string
	// Proxies puts a proxy (proxy*.go) in front of Slack, Teams and the mail server, to simulate network failures. The
	// proxies then listen at SlackAddr, TeamsAddr, IMAPAddr and SMTPAddr, and the emulators listen at free ports.
	Proxies bool

	// Mail.
	IMAPAddr string // host:port; "" means a free port on loopback
	SMTPAddr string // likewise
	SaveSent bool   // the mail server saves sent mail in the Sent folder by itself

	// Chats in which agents work.
	SlackAddr string  // host:port; "" means a free port on loopback
	HTTPMode  bool    // Slack sends events as signed HTTP requests: see slackfake.Webhooks.Use
	Limits    bool    // Slack and Teams enforce rate limits
	PostRate  float64 // with Limits: Slack's limit of posts per second and channel; 0 means the real limit
	// WorkspaceURL is the prefix of Slack's permalinks; "" means https://<domain>.slack.com/. The demo sets it to its
	// own page, so that the links work.
	WorkspaceURL string
	// Patience is how long Slack and Teams wait for Parley's response to an interaction; 0 means as long as the real
	// services wait.
	Patience time.Duration
	TeamsOptions

	// Phones adds WhatsApp, Messenger and SMS (emulated Meta and Twilio), and the identity providers. Meta sends webhooks
	// after Subscribe was called.
	Phones     bool
	PhoneClock func() time.Time // the phones' clock; nil means Clock
	GraphAddr  string           // host:port of Meta's Graph API; "" means a free port on loopback
	TwilioAddr string           // likewise of Twilio's API
	OIDCAddr   string           // likewise of the OpenID provider with which agents sign in to Parley's settings site
}

// Company is the emulated Acme: the mail server, chats and phones to which Parley connects as to the real services. The
// commands parley demo and parley fakes each start one. Env and Config return the environment variables and the
// parley.yaml with which a real Parley connects to it.
type Company struct {
	Mail  *mailfake.Server
	Slack *slackfake.Server
	Teams *teamsfake.Server // nil without Options.Teams

	o         CompanyOptions
	proxies   *proxies                 // nil without Options.Proxies
	home      atomic.Pointer[string]   // the surface in which new conversations open: see SetHome
	phones    atomic.Pointer[Exchange] // nil without Options.Phones
	providers *providers               // nil without Options.Phones
}

// New starts the emulators. The caller must call Close.
func New(ctx context.Context, o CompanyOptions) (*Company, error) {
	c := &Company{o: o}
	c.SetHome(o.Home)
	c.Mail = mailfake.New(mailfake.Options{
		Log:        o.Log,
		Clock:      o.Clock,
		CheckToken: c.isTokenAccepted,
		IMAPListen: c.emulatorAddr(o.IMAPAddr),
		SMTPListen: c.emulatorAddr(o.SMTPAddr),
		Mailboxes:  []mailfake.MailboxConfig{{Address: HelpAddress, Password: HelpPassword, SaveToSent: o.SaveSent}},
	})
	c.Slack = slackfake.New(slackfake.Options{
		Log:           o.Log,
		Clock:         o.Clock,
		SignClock:     time.Now,
		Limits:        o.Limits,
		PostPerSecond: o.PostRate,
		AppName:       "Parley",
		WorkspaceURL:  o.WorkspaceURL,
		AckTimeout:    o.Patience,
		TriggerLife:   o.Patience,
		Users: append(lab.SlackPeople(), slackfake.User{
			ID:       Owner,
			Name:     "olga",
			RealName: "Olga Owner",
			Email:    "olga@acme.test",
			Admin:    true,
		}),
	})
	c.makeChannels()
	if err := c.start(ctx); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// start starts the emulators, and the proxies if there are any.
func (c *Company) start(ctx context.Context) error {
	if err := c.openProviders(); err != nil {
		return err
	}
	if err := c.Mail.Start(ctx); err != nil {
		return err
	}
	if err := c.Slack.Start(c.emulatorAddr(c.o.SlackAddr)); err != nil {
		return err
	}
	if err := c.openTeams(); err != nil {
		return err
	}
	if c.o.Proxies {
		if err := c.startProxies(ctx); err != nil {
			return err
		}
	}
	return c.openPhones(ctx)
}

const anyPort = "127.0.0.1:0"

// emulatorAddr returns the host:port at which an emulator should listen. addr is the configured one. If proxies are in
// use, a proxy listens at addr, and the emulator gets a free port.
func (c *Company) emulatorAddr(addr string) string {
	if c.o.Proxies {
		return anyPort
	}
	return cmp.Or(addr, anyPort)
}

// makeChannels creates the Slack channels support and random.
func (c *Company) makeChannels() {
	people := []string{Ann, Ben, Zoe}
	c.Slack.Admin.AddChannel(slackfake.Channel{
		ID:      Support,
		Name:    "support",
		Members: append(slices.Clone(people), Owner, c.Slack.BotUserID()),
	})
	c.Slack.Admin.AddChannel(slackfake.Channel{ID: Random, Name: "random", Members: people})
}

// Clock is the emulators' clock; nil means the machine's.
func (c *Company) Clock() func() time.Time { return c.o.Clock }

// Reset restores the state in which New left the emulators, except that proxies that are cut stay cut.
// Errors: another program has taken the phones' addresses.
func (c *Company) Reset(ctx context.Context) error {
	c.Slack.Reset()
	c.makeChannels()
	if c.Teams != nil {
		c.Teams.Reset()
	}
	c.Mail.Reset()
	return c.openPhones(ctx)
}

// Close stops the emulators and proxies.
func (c *Company) Close() error {
	if c.proxies != nil {
		c.proxies.close()
	}
	var err error
	if c.Teams != nil {
		err = c.Teams.Close()
	}
	return errors.Join(err, c.Phones().Close(), c.Slack.Close(), c.Mail.Close(), c.closeProviders())
}

// addressesForParley returns the host:port at which Parley reaches Slack, IMAP and SMTP: the proxies' if there are any.
func (c *Company) addressesForParley() (slack, imap, smtp string) {
	if c.proxies != nil {
		return c.proxies.slack.Addr, c.proxies.imap.Addr, c.proxies.smtp.Addr
	}
	return addressOf(c.Slack.URL()), c.Mail.IMAPAddr(), c.Mail.SMTPAddr()
}

// Env returns the environment variables that connect `parley serve` to this company, and those that a mail client
// needs, as NAME=value in a fixed order.
func (c *Company) Env() []string {
	slack, imap, smtp := c.addressesForParley()
	var vars []string
	if !c.o.NoSlack {
		vars = lab.SlackEnv(c.Slack, "http://"+slack+"/api/", c.o.HTTPMode)
	}
	return slices.Concat(vars, c.teamsEnv(), c.Phones().Env(), c.providerEnv(), []string{
		"FAKE_IMAP_ADDR=" + imap,
		"FAKE_SMTP_ADDR=" + smtp,
		"FAKE_MAIL_USERNAME=" + HelpAddress,
		"FAKE_MAIL_PASSWORD=" + HelpPassword,
	})
}

// Config returns the parley.yaml for this company. hold is how long Parley waits before it sends a reply, so that the
// agent can undo it.
func (c *Company) Config(hold time.Duration) string {
	_, imap, smtp := c.addressesForParley()
	mail := fmt.Sprintf(`  - name: support-mail
    kind: email
    team: Support
    hold: %s
    signature: |
      **Acme Support**
      Monday to Friday, 9 to 17
    email:
      address: %s
      sender_name: Acme Support
%s`, hold, HelpAddress, lab.MailServers(imap, smtp, "none", HelpAddress, HelpPassword))
	return "company: Acme\n" + c.People() + c.Phones().Templates() + "accounts:\n" + mail + c.Phones().Config(hold)
}
