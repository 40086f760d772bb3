package http

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"parley/channels"
	"parley/channels/wire"
)

// Names of the settings in an account's configuration.
const (
	fieldSecret   = "secret"
	fieldCallback = "callback_url"
	fieldPrivate  = "allow_private"
)

// minSecret is the minimum length of a secret in bytes.
const minSecret = 16

const megabyte = 1 << 20

// Limits of a webhook.
const (
	maxBody   = 16 * megabyte
	maxEvents = 1000
)

// Limits of a message, in either direction.
const (
	maxText    = 40_000 // runes
	maxFiles   = 10
	maxLinked  = 100 * megabyte // all files together, if the receiver fetches them
	maxInline  = megabyte       // all files together, if their content is in the message
	maxChoices = 10             // buttons, rows or cards
)

// Timeouts and waits for calls to the receiver, the company's own system.
const (
	sendTimeout   = 30 * time.Second
	otherTimeout  = 15 * time.Second // for requests without an effect
	fetchTimeout  = 2 * time.Minute
	retryFor      = 48 * time.Hour
	throttledWait = 30 * time.Second // if the receiver doesn't say how long
	longestWait   = time.Hour
)

// Spec describes the channel "http". It connects Parley to a system that a company runs itself, such as its
// shop or app: the system posts what customers write to a webhook, and Parley posts what agents answer to the
// system's callback address.
func Spec() channels.Spec {
	return channels.Spec{
		Kind:      "http",
		Name:      "HTTP",
		Icon:      "electric_plug",
		Fields:    fields(),
		OwnHosts:  ownHosts,
		Check:     checkSettings,
		Signature: func(markdown string) string { return markdown }, // the receiver renders it
		New: func(a channels.Account, env channels.Env) (channels.Channel, error) {
			return newChannel(a, env)
		},
	}
}

// fields returns the settings of an account.
func fields() []channels.Field {
	return []channels.Field{
		{
			Name:     fieldSecret,
			Label:    "Secret",
			Secret:   true,
			Required: true,
			Help: "Your system and Parley sign with it what they post to each other. At least 16 characters; " +
				"`openssl rand -hex 32` makes a good one.",
		},
		{
			Name:     fieldCallback,
			Label:    "Callback address",
			Required: true,
			Help:     "Where Parley posts what agents answer: https://shop.example/parley.",
		},
		{
			Name:    fieldPrivate,
			Label:   "The callback is in your own network",
			Default: "false",
			OneOf:   []string{"true", "false"},
			Help: "`true`: it may lead to an address inside your network, and begin with http. " +
				"`false`: to the internet alone, by https.",
		},
	}
}

// ownHosts returns the callback's host if the account allows it to be in the company's own network.
func ownHosts(c channels.Config) []string {
	if c[fieldPrivate] != "true" {
		return nil
	}
	u, err := url.Parse(c[fieldCallback])
	if err != nil || u.Hostname() == "" {
		return nil
	}
	return []string{hostAndPort(u)}
}

// hostAndPort returns the host and port of a URL, with the default port of its scheme.
func hostAndPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// Channel is the connection to one such system. See Spec.
type Channel struct {
	account string
	settings
	env     channels.Env
	calls   *http.Client // for the callback
	fetches *http.Client // for fetching customers' files
}

var (
	_ channels.Channel = (*Channel)(nil)
	_ channels.Webhook = (*Channel)(nil)
	_ channels.Fetcher = (*Channel)(nil)
	_ channels.Starter = (*Channel)(nil)
	_ channels.Checker = (*Channel)(nil)
)

// settings are the parsed settings of an account.
type settings struct {
	secret  []byte
	target  *url.URL // callback address
	private bool     // the callback may be in the company's own network
}

// newSettings parses an account's settings.
// Errors: all problems, joined.
func newSettings(c channels.Config) (settings, error) {
	s := settings{secret: []byte(c[fieldSecret]), private: c[fieldPrivate] == "true"}
	var faults []error
	if len(s.secret) < minSecret {
		faults = append(faults, wrongField(fieldSecret, fmt.Sprintf("at least %d characters are needed", minSecret)))
	}

	target, err := url.Parse(c[fieldCallback])
	if err != nil || !isPlainAddress(target) {
		return s, errors.Join(append(faults, wrongField(fieldCallback, "write it like https://shop.example/parley"))...)
	}

	mayBePlain := target.Scheme == "http" && s.private
	if !mayBePlain && target.Scheme != "https" {
		faults = append(faults, wrongField(fieldCallback, "it must be https; http is for allow_private alone"))
	}

	s.target = target
	return s, errors.Join(faults...)
}

// wrongField returns the error for an invalid setting.
func wrongField(name, what string) error {
	return &channels.FieldError{Section: "http", Field: name, What: what}
}

// checkSettings validates an account's settings.
// Errors: all problems, joined.
func checkSettings(c channels.Config) error {
	_, err := newSettings(c)
	return err
}

// newChannel returns the channel of an account.
// Errors: those of newSettings.
func newChannel(a channels.Account, env channels.Env) (*Channel, error) {
	s, err := newSettings(a.Config)
	if err != nil {
		return nil, err
	}

	c := &Channel{account: a.Name, settings: s, env: env}
	if c.env.Now == nil {
		c.env.Now = time.Now
	}
	if c.env.Log == nil {
		c.env.Log = slog.New(slog.DiscardHandler)
	}

	c.calls = wire.NewClient(wire.Options{Dialer: env.Dialer})
	c.fetches = wire.NewClient(wire.Options{Dialer: env.Dialer, Follow: c.checkRedirect})
	return c, nil
}

// isPlainAddress reports whether a URL has a host, but neither user information nor a fragment.
func isPlainAddress(u *url.URL) bool {
	hasExtras := u.User != nil || u.Fragment != ""
	return u.Hostname() != "" && !hasExtras
}

// Capabilities implements channels.Channel.
func (c *Channel) Capabilities() channels.Capabilities {
	caps := channels.Capabilities{
		Subject:  true,
		RichText: channels.Full,
		Receipts: channels.Receipts{Delivered: channels.Full, Read: channels.Full},
		ReplyTo:  channels.Full,
		Files:    channels.FileRules{Captions: channels.Full, PerMessage: maxFiles, MaxBytes: maxInline},
		Rich: channels.RichLimits{
			Location:    channels.Full,
			ContactCard: channels.Full,
			Buttons:     maxChoices,
			ListRows:    maxChoices,
			Carousel:    maxChoices,
		},
		Start:        channels.StartFree,
		MaxTextRunes: maxText,
		Sending:      channels.Sending{RetryFor: retryFor, Timeout: sendTimeout},
	}
	if c.env.HookURL != "" { // with a public address the receiver can fetch files from Parley
		caps.Files.MaxBytes = maxLinked
	}

	return caps
}

// Recipient implements channels.Starter. It accepts any id that the receiver may give its customers.
func (c *Channel) Recipient(typed string) (channels.Party, error) {
	key := strings.TrimSpace(typed)
	fault := whyBadID(key)
	if strings.ContainsFunc(key, unicode.IsSpace) {
		fault = "has blanks in it" // probably a name rather than an id
	}
	if fault != "" {
		return channels.Party{}, &channels.SendError{
			Class: channels.BadRecipient,
			Text:  "The customer's id " + fault + ".",
			Hint:  "Write the id that your system gives the customer.",
		}
	}
	return channels.Party{Key: key}, nil
}
