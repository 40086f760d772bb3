package messenger

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"parley/channels"
	"parley/channels/graph"
	"parley/channels/markdown"
)

// Names of the settings, as Spec lists them.
const (
	fieldPage    = "page_id"
	fieldToken   = "token"
	fieldSecret  = "app_secret"
	fieldVerify  = "verify_token"
	fieldVersion = "graph_version"
)

// Spec describes the channel "messenger", whose accounts are Facebook Pages. Pages of one app share a
// callback.
func Spec() channels.Spec {
	return channels.Spec{
		Kind:      "messenger",
		Name:      "Messenger",
		Icon:      "speech_balloon",
		Owner:     fieldPage,
		SignedBy:  fieldSecret,
		APIEnv:    "MESSENGER_API_URL",
		Signature: markdown.WamarkPlain,
		Check:     checkSettings,
		New: func(a channels.Account, env channels.Env) (channels.Channel, error) {
			return newChannel(a, env)
		},
		Fields: []channels.Field{
			{
				Name:     fieldPage,
				Label:    "Page id",
				Help:     "The Page's number: in Facebook, Page, About, Page transparency.",
				Required: true,
			},
			{
				Name:     fieldToken,
				Label:    "Page access token",
				Help:     "Of a system user or a long-lived one, with pages_messaging, pages_manage_metadata and pages_read_engagement.",
				Secret:   true,
				Required: true,
			},
			{
				Name:     fieldSecret,
				Label:    "App secret",
				Help:     "In Meta's app dashboard: App settings, Basic. It signs what Meta sends.",
				Secret:   true,
				Required: true,
			},
			{
				Name:     fieldVerify,
				Label:    "Verify token",
				Help:     "Any long word of your own; type the same one into Meta's dashboard beside the callback URL.",
				Secret:   true,
				Required: true,
			},
			{
				Name:    fieldVersion,
				Label:   "Graph API version",
				Help:    "Change it when Meta ends this one.",
				Default: graph.DefaultVersion,
			},
		},
	}
}

// checkSettings returns all faults in an account's settings, joined, or nil.
func checkSettings(c channels.Config) error {
	var faults []error
	for _, name := range []string{fieldPage, fieldToken, fieldSecret, fieldVerify} {
		if strings.TrimSpace(c[name]) == "" {
			faults = append(faults, wrongField(name, "missing"))
		}
	}

	page := strings.TrimSpace(c[fieldPage])
	if page != "" && !graph.IsID(page) {
		faults = append(faults, wrongField(fieldPage, "must be the Page's number, not its name"))
	}

	version := strings.TrimSpace(c[fieldVersion])
	if version != "" && !graph.IsVersion(version) {
		faults = append(faults, wrongField(fieldVersion, "write it like "+graph.DefaultVersion))
	}

	return errors.Join(faults...)
}

// wrongField returns a fault of one setting.
func wrongField(name, what string) error {
	return &channels.FieldError{Section: "messenger", Field: name, What: what}
}

// newChannel creates the channel of an account. It opens no connection.
// Errors: all faults of the settings, joined, or those of graph.New.
func newChannel(a channels.Account, env channels.Env) (*Channel, error) {
	config := a.Config
	if err := checkSettings(config); err != nil {
		return nil, err
	}

	setting := func(name string) string { return strings.TrimSpace(config[name]) }
	client, err := graph.New(graph.Options{
		BaseURL:    env.APIURL,
		Version:    setting(fieldVersion),
		Token:      setting(fieldToken),
		Secret:     setting(fieldSecret),
		Dialer:     env.Dialer,
		MediaHosts: mediaHosts(),
	})
	if err != nil {
		return nil, fmt.Errorf("messenger: %w", err)
	}

	c := &Channel{
		page:      setting(fieldPage),
		beginsAt:  a.BeginsAt,
		env:       env,
		graph:     client,
		uploads:   &uploads{ids: map[string]string{}},
		fileSlots: make(chan struct{}, maxInMemory),
		newcomer:  make(chan struct{}, 1),
		profiles:  &profiles{asked: map[string]time.Time{}},

		fetchWaits: fetchWaits(),
	}

	c.pause = c.waitForPoll
	c.hook = &graph.Hook{
		Secret:      []byte(setting(fieldSecret)),
		VerifyToken: config[fieldVerify],
		Split:       split,
		Accept:      c.accept,
		Later:       c.introduceLater,
		Now:         env.Now,
		Log:         env.Log,
	}
	return c, nil
}
