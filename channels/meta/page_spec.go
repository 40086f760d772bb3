package meta

import (
	"time"

	"parley/channels"
	"parley/channels/markdown"
)

// fieldPage is the name of the setting that only Pages have.
const fieldPage = "page_id"

// Messenger describes the channel "messenger", whose accounts are Facebook Pages. Pages of one app share a
// callback.
func Messenger() channels.Spec {
	return channels.Spec{
		Kind:      "messenger",
		Name:      "Messenger",
		Icon:      "speech_balloon",
		Owner:     fieldPage,
		SignedBy:  fieldSecret,
		APIEnv:    "MESSENGER_API_URL",
		Signature: markdown.WamarkPlain,
		Check:     checkPage,
		New: func(a channels.Account, env channels.Env) (channels.Channel, error) {
			return newPage(a, env)
		},
		Fields: pageSettings(),
	}
}

func pageSettings() []channels.Field {
	return fieldsWith([]channels.Field{{
		Name:  fieldPage,
		Label: "Page id",
		Help:  "The Page's number: in Facebook, Page, About, Page transparency.",
	}}, channels.Field{
		Label: "Page access token",
		Help:  "Of a system user or a long-lived one, with pages_messaging, pages_manage_metadata and pages_read_engagement.",
	})
}

// checkPage returns all faults in an account's settings, joined, or nil.
func checkPage(c channels.Config) error {
	return settings(c).check("messenger", pageSettings(), fieldPage)
}

// newPage creates the channel of an account. It opens no connection.
// Errors: all faults of the settings, joined, or those of newClient.
func newPage(a channels.Account, env channels.Env) (*Page, error) {
	if err := checkPage(a.Config); err != nil {
		return nil, err
	}
	shared, err := newAccount(settings(a.Config), fieldPage, "Facebook", env, mediaHosts())
	if err != nil {
		return nil, err
	}

	c := &Page{
		account:    shared,
		beginsAt:   a.BeginsAt,
		uploaded:   &uploads{ids: map[string]string{}},
		newcomer:   make(chan struct{}, 1),
		profiles:   &profiles{asked: map[string]time.Time{}},
		fetchWaits: fetchWaits(),
	}
	c.pause = c.waitForPoll
	c.hook.Split, c.hook.Accept, c.hook.Later = splitPageHook, c.accept, c.introduceLater
	return c, nil
}
