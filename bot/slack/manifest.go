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

// A Slack app is configured by a manifest: its name, slash commands, permissions (scopes) and events. An admin creates the
// app by pasting the manifest at api.slack.com, so that nothing has to be entered by hand. This file builds the manifest of
// Parley's app. Slash commands and menu entries are taken from Parley's verbs, such as "resolve".

// StartShortcut is the callback id of the global shortcut that starts a conversation. It begins with ShortcutPrefix, too,
// but isn't confused with a message shortcut, because Slack sends the two as interactions of different types.
const StartShortcut = "conv_start"

// ShortcutPrefix is the prefix of the callback ids of message shortcuts. The name of the verb follows.
const ShortcutPrefix = "conv_"

// maxNameRunes is Slack's limit for the name of an app.
const maxNameRunes = 35

// ManifestOptions configure the manifest.
type ManifestOptions struct {
	Name          string // at most maxNameRunes; "" means Parley
	PublicURL     string // the https URL of Parley's site; optional in Socket Mode. It enables agents to sign in with Slack
	HTTP          bool   // Slack sends events to PublicURL, instead of over Socket Mode
	ShortCommands bool   // add /assign, /snooze and /resolve
}

// document is the manifest.
// Source: schema 2.0.0 of app manifests, slackapi/manifest-schema, read 2026-11.
type document struct {
	Metadata meta     `json:"_metadata"`
	Display  display  `json:"display_information"`
	Features features `json:"features"`
	OAuth    oauth    `json:"oauth_config"`
	Settings settings `json:"settings"`
}

type meta struct {
	Major int `json:"major_version"`
	Minor int `json:"minor_version"`
}

type display struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Color       string `json:"background_color"`
}

type features struct {
	Home      map[string]bool `json:"app_home"`
	Bot       botUser         `json:"bot_user"`
	Commands  []command       `json:"slash_commands"`
	Shortcuts []shortcut      `json:"shortcuts"`
}

type botUser struct {
	Name   string `json:"display_name"`
	Online bool   `json:"always_online"`
}

type command struct {
	Command     string `json:"command"`
	URL         string `json:"url,omitempty"`
	Description string `json:"description"`
	Hint        string `json:"usage_hint,omitempty"`
	Escape      bool   `json:"should_escape"`
}

type shortcut struct {
	Name        string `json:"name"`
	Type        string `json:"type"`
	Callback    string `json:"callback_id"`
	Description string `json:"description"`
}

type oauth struct {
	Redirects []string            `json:"redirect_urls,omitempty"` // for agents who sign in to the site with Slack
	Scopes    map[string][]string `json:"scopes"`
}

type settings struct {
	Events        events        `json:"event_subscriptions"`
	Interactivity interactivity `json:"interactivity"`
	Socket        bool          `json:"socket_mode_enabled"`
	Rotation      bool          `json:"token_rotation_enabled"`
	OrgDeploy     bool          `json:"org_deploy_enabled"`
}

type events struct {
	URL    string   `json:"request_url,omitempty"`
	Events []string `json:"bot_events"`
}

type interactivity struct {
	Enabled bool   `json:"is_enabled"`
	URL     string `json:"request_url,omitempty"`
	Options string `json:"message_menu_options_url,omitempty"`
}

// Scopes returns the permissions that our API calls and events require.
func Scopes() []string {
	return []string{
		"app_mentions:read", "channels:history", "channels:join", "channels:read", "chat:write", "chat:write.customize", "commands",
		"files:read", "files:write", "groups:history", "groups:read", "im:write", "pins:write", "reactions:read", "reactions:write",
		"users:read", "users:read.email",
	}
}

// Events returns the events to which the app subscribes.
func Events() []string {
	return []string{
		"app_home_opened", "app_mention", "app_uninstalled", "channel_archive", "channel_deleted", "channel_id_changed", "channel_left",
		"channel_rename", "channel_unarchive", "group_archive", "group_deleted", "group_left", "group_rename", "group_unarchive",
		"member_joined_channel",
		"message.channels", "message.groups", "reaction_added", "reaction_removed", "tokens_revoked",
	}
}

// JSON returns the manifest as indented JSON. For Socket Mode the admin must also create an app-level token with the scope
// connections:write, which a manifest can't request.
// Errors: the name is too long; the public URL isn't https, or is missing although Options.HTTP is set.
func JSON(o ManifestOptions) ([]byte, error) {
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

	m := document{
		Metadata: meta{Major: 2, Minor: 1},
		Display:  display{Name: o.Name, Description: "Conversations with customers as threads", Color: "#1d4d4f"},
		Features: features{
			Home:      map[string]bool{"home_tab_enabled": true, "messages_tab_enabled": true, "messages_tab_read_only_enabled": true},
			Bot:       botUser{Name: o.Name, Online: true},
			Commands:  o.listCommands(),
			Shortcuts: listShortcuts(),
		},
		OAuth: oauth{Scopes: map[string][]string{"bot": Scopes()}},
		Settings: settings{
			Events: events{URL: o.requestURL("/slack/events"), Events: Events()},
			Interactivity: interactivity{
				Enabled: true,
				URL:     o.requestURL("/slack/interactions"),
				Options: o.requestURL("/slack/interactions"),
			},
			Socket: !o.HTTP,
		},
	}
	if o.PublicURL != "" {
		m.OAuth.Redirects = []string{o.siteURL("/auth/with/slack/back")}
	}

	out, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("slack: manifest: %w", err)
	}

	return append(out, '\n'), nil
}

// requestURL returns the URL to which Slack sends requests for a path, or "" in Socket Mode.
func (o ManifestOptions) requestURL(path string) string {
	if !o.HTTP {
		return ""
	}
	return o.siteURL(path)
}

// siteURL returns the URL of a path of the site.
func (o ManifestOptions) siteURL(path string) string {
	return strings.TrimSuffix(o.PublicURL, "/") + path
}

// listCommands returns the slash commands. In all of them should_escape is set. Then Slack sends mentions with the user's
// id, as in "<@U1|ann>", and not as typed.
func (o ManifestOptions) listCommands() []command {
	all := []command{{
		Command:     "/parley",
		Description: "Find and work on conversations",
		Hint:        "mine | new | find WORDS | #12 assign @ann | help",
	}}
	if o.ShortCommands {
		for _, v := range verb.All() {
			c := v.Menus.Command
			if c != nil {
				all = append(all, command{Command: "/" + v.Typed.Words[0], Description: c.About, Hint: c.Hint})
			}
		}
	}

	for i := range all {
		all[i].URL = o.requestURL("/slack/commands")
		all[i].Escape = true
	}

	return all
}

// listShortcuts returns the entries of the menu of a message, and the global shortcut, which is in the menu next to the
// message box.
func listShortcuts() []shortcut {
	var all []shortcut
	for _, v := range verb.InMenu() {
		all = append(all, shortcut{
			Name:        v.Menus.Message.Title,
			Type:        "message",
			Callback:    ShortcutPrefix + string(v.Name),
			Description: v.Menus.Message.About,
		})
	}

	start := verb.Of(bridge.VerbNew).Menus.Box
	return append(all, shortcut{Name: start.Title, Type: "global", Callback: StartShortcut, Description: start.About})
}
