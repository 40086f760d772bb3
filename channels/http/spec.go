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
	"parley/channels/fence"
)

// Names of the settings.
const (
	fieldSecret   = "secret"
	fieldCallback = "callback_url"
	fieldPrivate  = "allow_private"
)

// minSecret is the least length of a secret in bytes. Letters beyond ASCII count as several.
const minSecret = 16

// megabyte is 2^20 bytes.
const megabyte = 1 << 20

// Limits of a webhook.
const (
	maxBody   = 16 * megabyte
	maxEvents = 1000
)

// Limits of a message, either way.
const (
	maxText    = 40_000 // runes
	maxFiles   = 10
	maxLinked  = 100 * megabyte // of all files, when the receiver fetches them
	maxInline  = megabyte       // of all files, when they go with the message
	maxChoices = 10             // buttons, rows or cards
)

// Times of calls to the receiver.
const (
	sendTimeout   = 30 * time.Second
	otherTimeout  = 15 * time.Second // of questions that change nothing
	fetchTimeout  = 2 * time.Minute
	retryFor      = 48 * time.Hour
	throttledWait = 30 * time.Second // when the receiver names no time
	longestWait   = time.Hour
)

// Spec describes the channel "http".
func Spec() channels.Spec {
	return channels.Spec{
		Kind:      "http",
		Name:      "HTTP",
		Icon:      "electric_plug",
		Fields:    fields(),
		OwnHosts:  ownHosts,
		Check:     checkSettings,
		Signature: func(markdown string) string { return markdown }, // your system shows it
		New: func(a channels.Account, env channels.Env) (channels.Channel, error) {
			return newChannel(a, env)
		},
	}
}

// fields lists the settings of an account.
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

// ownHosts returns the callback's host if it may be in the company's own network.
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

// hostAndPort returns the host and port of an address.
func hostAndPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// Channel is one system that the company runs itself.
type Channel struct {
	account string
	settings
	env     channels.Env
	calls   *http.Client // for the callback
	fetches *http.Client // for customers' files
}

var (
	_ channels.Channel = (*Channel)(nil)
	_ channels.Webhook = (*Channel)(nil)
	_ channels.Fetcher = (*Channel)(nil)
	_ channels.Starter = (*Channel)(nil)
	_ channels.Checker = (*Channel)(nil)
)

// settings are the settings of one account.
type settings struct {
	secret  []byte
	target  *url.URL // the callback
	private bool     // the callback may be in the company's own network
}

// newSettings reads an account's settings. Errors: every fault, joined.
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

// wrongField returns a fault of a field of an account's settings.
func wrongField(name, what string) error {
	return &channels.FieldError{Section: "http", Field: name, What: what}
}

// checkSettings says what is wrong with an account's settings. Errors: every fault, joined.
func checkSettings(c channels.Config) error {
	_, err := newSettings(c)
	return err
}

// newChannel returns the channel of an account. Errors: what is wrong with the settings.
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

	c.calls = fence.NewClient(fence.Options{Dialer: env.Dialer})
	c.fetches = fence.NewClient(fence.Options{Dialer: env.Dialer, Follow: c.checkRedirect})
	return c, nil
}

// isPlainAddress reports whether an address has a host, and neither a user nor a fragment.
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
	if c.env.HookURL != "" { // Parley has a public address, from which the receiver can fetch files
		caps.Files.MaxBytes = maxLinked
	}

	return caps
}

// Recipient implements channels.Starter: any name that the system gives its customers.
func (c *Channel) Recipient(typed string) (channels.Party, error) {
	key := strings.TrimSpace(typed)
	fault := whyBadID(key)
	if strings.ContainsFunc(key, unicode.IsSpace) {
		fault = "has blanks in it" // it is rather a name than an id
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
