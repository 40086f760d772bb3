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

// object is a JSON object of the manifest.
// Source: schema 2.0.0 of app manifests, slackapi/manifest-schema, read 2026-11.
type object = map[string]any

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

	login := object{"scopes": object{"bot": Scopes()}}
	if o.PublicURL != "" { // for agents who sign in to the site with Slack
		login["redirect_urls"] = []string{o.siteURL("/auth/with/slack/back")}
	}
	clicks := o.addRequestURL(object{"is_enabled": true}, "request_url", "/slack/interactions")
	m := object{
		"_metadata": object{"major_version": 2, "minor_version": 1},
		"display_information": object{
			"name": o.Name, "description": "Conversations with customers as threads", "background_color": "#1d4d4f",
		},
		"features": object{
			"app_home":       object{"home_tab_enabled": true, "messages_tab_enabled": true, "messages_tab_read_only_enabled": true},
			"bot_user":       object{"display_name": o.Name, "always_online": true},
			"slash_commands": o.listCommands(), "shortcuts": listShortcuts(),
		},
		"oauth_config": login,
		"settings": object{
			"event_subscriptions": o.addRequestURL(object{"bot_events": Events()}, "request_url", "/slack/events"),
			"interactivity":       o.addRequestURL(clicks, "message_menu_options_url", "/slack/interactions"),
			"socket_mode_enabled": !o.HTTP, "token_rotation_enabled": false, "org_deploy_enabled": false,
		},
	}
	out, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("slack: manifest: %w", err)
	}

	return append(out, '\n'), nil
}

// addRequestURL adds the URL to which Slack sends requests for a path, except in Socket Mode. It returns to.
func (o ManifestOptions) addRequestURL(to object, name, path string) object {
	if o.HTTP {
		to[name] = o.siteURL(path)
	}
	return to
}

// siteURL returns the URL of a path of the site.
func (o ManifestOptions) siteURL(path string) string {
	return strings.TrimSuffix(o.PublicURL, "/") + path
}

// listCommands returns the slash commands. In all of them should_escape is set. Then Slack sends mentions with the user's
// id, as in "<@U1|ann>", and not as typed.
func (o ManifestOptions) listCommands() []object {
	all := []object{o.makeCommand("parley", "Find and work on conversations", "mine | new | find WORDS | #12 assign @ann | help")}
	if o.ShortCommands {
		for _, v := range verb.All() {
			if c := v.Menus.Command; c != nil {
				all = append(all, o.makeCommand(v.Typed.Words[0], c.About, c.Hint))
			}
		}
	}
	return all
}

func (o ManifestOptions) makeCommand(name, about, hint string) object {
	c := object{"command": "/" + name, "description": about, "usage_hint": hint, "should_escape": true}
	return o.addRequestURL(c, "url", "/slack/commands")
}

// listShortcuts returns the entries of the menu of a message, and the global shortcut, which is in the menu next to the
// message box.
func listShortcuts() []object {
	makeShortcut := func(kind, id, title, about string) object {
		return object{"name": title, "type": kind, "callback_id": id, "description": about}
	}
	var all []object
	for _, v := range verb.InMenu() {
		all = append(all, makeShortcut("message", ShortcutPrefix+string(v.Name), v.Menus.Message.Title, v.Menus.Message.About))
	}
	start := verb.Of(bridge.VerbNew).Menus.Box
	return append(all, makeShortcut("global", StartShortcut, start.Title, start.About))
}
