package slack

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"parley/bot/verb"
	"parley/bridge"
)

// maxNameRunes is Slack's limit of an app's name.
const maxNameRunes = 35

// ManifestOptions choose what the app's manifest asks for.
type ManifestOptions struct {
	Name          string // "" means Parley; maxNameRunes at most
	PublicURL     string // where the site is, https; Slack sends agents back there who sign in by it
	HTTP          bool   // Slack sends what happens to PublicURL, instead of Socket Mode
	ShortCommands bool   // also /assign, /snooze and /resolve
}

// manifest is Slack's description of an app.
// Source: schema 2.0.0 of app manifests, slackapi/manifest-schema, read 2026-11.
type manifest struct {
	Metadata manifestMeta     `json:"_metadata"`
	Display  manifestDisplay  `json:"display_information"`
	Features manifestFeatures `json:"features"`
	OAuth    manifestOAuth    `json:"oauth_config"`
	Settings manifestSettings `json:"settings"`
}

type manifestMeta struct {
	Major int `json:"major_version"`
	Minor int `json:"minor_version"`
}

type manifestDisplay struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Color       string `json:"background_color"`
}

type manifestFeatures struct {
	Home      map[string]bool    `json:"app_home"`
	Bot       manifestBot        `json:"bot_user"`
	Commands  []manifestCommand  `json:"slash_commands"`
	Shortcuts []manifestShortcut `json:"shortcuts"`
}

type manifestBot struct {
	Name   string `json:"display_name"`
	Online bool   `json:"always_online"`
}

type manifestCommand struct {
	Command     string `json:"command"`
	URL         string `json:"url,omitempty"`
	Description string `json:"description"`
	Hint        string `json:"usage_hint,omitempty"`
	Escape      bool   `json:"should_escape"`
}

type manifestShortcut struct {
	Name        string `json:"name"`
	Type        string `json:"type"`
	Callback    string `json:"callback_id"`
	Description string `json:"description"`
}

type manifestOAuth struct {
	Redirects []string            `json:"redirect_urls,omitempty"` // for agents who sign in to the site by Slack
	Scopes    map[string][]string `json:"scopes"`
}

type manifestSettings struct {
	Events        manifestEvents        `json:"event_subscriptions"`
	Interactivity manifestInteractivity `json:"interactivity"`
	Socket        bool                  `json:"socket_mode_enabled"`
	Rotation      bool                  `json:"token_rotation_enabled"`
	OrgDeploy     bool                  `json:"org_deploy_enabled"`
}

type manifestEvents struct {
	URL    string   `json:"request_url,omitempty"`
	Events []string `json:"bot_events"`
}

type manifestInteractivity struct {
	Enabled bool   `json:"is_enabled"`
	URL     string `json:"request_url,omitempty"`
	Options string `json:"message_menu_options_url,omitempty"`
}

// botScopes are the permissions that our calls and events need, and no more.
func botScopes() []string {
	return []string{
		"app_mentions:read", "channels:history", "channels:join", "channels:read", "chat:write", "chat:write.customize", "commands",
		"files:read", "files:write", "groups:history", "groups:read", "im:write", "reactions:read", "reactions:write",
		"users:read", "users:read.email",
	}
}

// botEvents are the events to which the app subscribes.
func botEvents() []string {
	return []string{
		"app_mention", "app_uninstalled", "channel_archive", "channel_deleted", "channel_id_changed", "channel_left", "channel_rename",
		"channel_unarchive", "group_archive", "group_deleted", "group_left", "group_rename", "group_unarchive", "member_joined_channel",
		"message.channels", "message.groups", "reaction_added", "reaction_removed", "tokens_revoked",
	}
}

// Manifest prints the app's manifest as JSON, to be pasted at api.slack.com. Socket Mode also needs an
// app token (connections:write), which a person has to make there: a manifest can't ask for it.
// Errors: a name that is too long, a public URL that isn't https, or none where Slack shall send requests to it.
func Manifest(o ManifestOptions) ([]byte, error) {
	o.Name = cmp.Or(o.Name, "Parley")
	if utf8.RuneCountInString(o.Name) > maxNameRunes {
		return nil, fmt.Errorf("slack: manifest: the name has more than %d characters", maxNameRunes)
	}
	if o.PublicURL != "" && !strings.HasPrefix(o.PublicURL, "https://") {
		return nil, fmt.Errorf("slack: manifest: the public URL is not https")
	}
	if o.HTTP && o.PublicURL == "" {
		return nil, fmt.Errorf("slack: manifest: requests need a public URL")
	}

	m := manifest{
		Metadata: manifestMeta{Major: 2, Minor: 1},
		Display:  manifestDisplay{Name: o.Name, Description: "Conversations with customers as threads", Color: "#1d4d4f"},
		Features: manifestFeatures{
			Home:      map[string]bool{"home_tab_enabled": false, "messages_tab_enabled": true, "messages_tab_read_only_enabled": true},
			Bot:       manifestBot{Name: o.Name, Online: true},
			Commands:  o.listCommands(),
			Shortcuts: manifestShortcuts(),
		},
		OAuth: manifestOAuth{Scopes: map[string][]string{"bot": botScopes()}},
		Settings: manifestSettings{
			Events: manifestEvents{URL: o.makeAddress("/slack/events"), Events: botEvents()},
			Interactivity: manifestInteractivity{
				Enabled: true,
				URL:     o.makeAddress("/slack/interactions"),
				Options: o.makeAddress("/slack/interactions"),
			},
			Socket: !o.HTTP,
		},
	}
	if o.PublicURL != "" {
		m.OAuth.Redirects = []string{o.join("/auth/with/slack/back")}
	}

	out, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("slack: manifest: %w", err)
	}

	return append(out, '\n'), nil
}

// makeAddress returns where Slack reaches a path of ours, or "" in Socket Mode.
func (o ManifestOptions) makeAddress(path string) string {
	if !o.HTTP {
		return ""
	}
	return o.join(path)
}

// join returns the address of a path of the site.
func (o ManifestOptions) join(path string) string {
	return strings.TrimSuffix(o.PublicURL, "/") + path
}

// listCommands returns the app's slash commands. In all of them Slack marks mentions, so that we can read them.
func (o ManifestOptions) listCommands() []manifestCommand {
	all := []manifestCommand{{
		Command:     "/parley",
		Description: "Find and work on conversations",
		Hint:        "mine | new | find WORDS | #12 assign @ann | help",
	}}
	if o.ShortCommands {
		for _, v := range verb.All() {
			c := v.Menus.Command
			if c != nil {
				all = append(all, manifestCommand{Command: "/" + v.Typed.Words[0], Description: c.About, Hint: c.Hint})
			}
		}
	}

	for i := range all {
		all[i].URL = o.makeAddress("/slack/commands")
		all[i].Escape = true
	}

	return all
}

// manifestShortcuts returns the entries of a message's menu, whose ids shortcutVerb reads, and the entry of
// the menu beside the message box.
func manifestShortcuts() []manifestShortcut {
	var all []manifestShortcut
	for _, v := range verb.InMenu() {
		all = append(all, manifestShortcut{
			Name:        v.Menus.Message.Title,
			Type:        "message",
			Callback:    shortcutPrefix + string(v.Name),
			Description: v.Menus.Message.About,
		})
	}

	start := verb.Of(bridge.VerbNew).Menus.Box
	return append(all, manifestShortcut{
		Name:        start.Title,
		Type:        "global",
		Callback:    startShortcut,
		Description: start.About,
	})
}
