package teams

import (
	"archive/zip"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"parley/bot/verb"
	"parley/bridge"
)

// To use Parley in Teams, an admin uploads an app package: a zip with a manifest (JSON) and two icons. The manifest says
// what the app is called, which menu entries and commands Teams offers for it, and which rights it needs. This file
// writes both. Parley doesn't need the package itself at run time.

// Ids of the commands that Teams offers next to its message box and its search box. The ids of the entries of a
// message's menu are made by CommandOf.
const (
	CommandNew  = "newConversation" // opens the form of a new conversation; can also be typed as a slash command
	CommandFind = "find"            // searches conversations
)

// parameterFind is the name of the parameter in which Teams sends the words of a search.
const parameterFind = "words"

// Limits of Teams.
// Source: schema 1.30 of app manifests and learn.microsoft.com "App manifest schema", read 2026-11.
const (
	manifestSchema  = "https://developer.microsoft.com/json-schemas/teams/v1.30/MicrosoftTeams.schema.json"
	maxShortName    = 30
	maxDeveloper    = 32
	maxVersionRunes = 256
)

var (
	objectIDPattern = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	versionPattern  = regexp.MustCompile(`^\d+\.\d+\.\d+$`)
)

// ManifestOptions describe the app.
type ManifestOptions struct {
	AppID        string // the Microsoft App ID of the bot's registration; the app gets the same id
	Name         string // of the app; "" means Parley
	PublicURL    string // Parley's https address
	Version      string // "" means 1.0.0; Teams accepts an update only with a higher version
	Developer    string // who offers the app; "" means Name
	Website      string // the link on the app's page in Teams; "" means PublicURL
	Privacy      string // address of the privacy policy; "" means Website
	Terms        string // address of the terms of use; "" means Website
	MentionsOnly bool   // leaves out ReadRight: Teams then sends Parley only messages that mention it
}

// Tab is the path, below the public address, of the page that a tab opens. The name of the page to which it redirects
// is appended. The site serves it as web.TabPath.
const Tab = "/auth/tab?to="

// listTabs lists the pages that people find in the app.
func listTabs(base string) []tab {
	personal := []string{"personal"}
	return []tab{
		{ID: "inbox", Name: "Inbox", Content: base + Tab + "inbox", Website: base + "/inbox", Scopes: personal},
		{ID: "settings", Name: "Settings", Content: base + Tab + "settings", Website: base + "/settings", Scopes: personal},
	}
}

// CommandOf returns the id of a verb's entry in a message's menu.
func CommandOf(name bridge.Verb) string { return string(name) + "FromMessage" }

// VerbOf returns the verb of an entry in a message's menu, or "" if there is no such entry.
func VerbOf(command string) bridge.Verb {
	name, ok := strings.CutSuffix(command, CommandOf(""))
	if !ok || verb.Of(bridge.Verb(name)).Menus.Message == nil {
		return ""
	}
	return bridge.Verb(name)
}

// ReadRight is the right to read a team's channel messages. The team's owner grants it by adding the app. Without it,
// Teams sends us only messages that mention the app.
const ReadRight = "ChannelMessage.Read.Group"

// JSON returns the app's manifest.
// Errors: all faults of the options together, each with a remedy.
func JSON(o ManifestOptions) ([]byte, error) {
	if err := o.complete(); err != nil {
		return nil, fmt.Errorf("teams: manifest: %w", err)
	}

	public, _ := url.Parse(o.PublicURL) // complete has parsed it
	m := document{
		Schema:        manifestSchema,
		SchemaVersion: "1.30",
		Version:       o.Version,
		ID:            o.AppID,
		Developer:     developer{Name: o.Developer, Website: o.Website, Privacy: o.Privacy, Terms: o.Terms},
		Name:          map[string]string{"short": o.Name, "full": o.Name + ": conversations with customers"},
		Description: map[string]string{"short": "Conversations with customers as threads",
			"full": "Each conversation with a customer (e-mail, WhatsApp, SMS, Messenger) is a thread in a channel of this team. " +
				"Whoever holds it answers there; notes stay inside." + readsSentence(o.MentionsOnly)},
		Icons:                   map[string]string{"color": colorFile, "outline": outlineFile},
		Accent:                  accentColor,
		DefaultInstallScope:     "team",
		DefaultGroupCapability:  map[string]string{"team": "bot"},
		SupportsChannelFeatures: "tier1", // the tier that includes private and shared channels
		Bots: []bot{{ID: o.AppID, Scopes: []string{"team", "personal"}, SupportsTargetedMessages: true, Commands: []commandList{
			{Scopes: []string{"team"}, Triggers: []string{"mention", "slash"}, Commands: botCommands(verb.OfferedInThread()...)},
			// "reply" isn't a slash command, because colleagues don't see slash commands, and must see what a customer gets.
			{Scopes: []string{"team"}, Triggers: []string{"mention"}, Commands: botCommands("reply")},
			{Scopes: []string{"personal"}, Commands: botCommands(verb.OfferedInChat()...)},
		}}},
		StaticTabs: listTabs(o.PublicURL),
		// Teams needs webApplicationInfo for single sign-on in tabs, and to grant ReadRight.
		Application:       &webApp{ID: o.AppID, Resource: "api://" + strings.ToLower(public.Hostname()) + "/botid-" + o.AppID},
		ComposeExtensions: []extension{{BotID: o.AppID, Commands: extensionCommands()}},
		Permissions:       []string{"identity", "messageTeamMembers"},
		ValidDomains:      []string{public.Hostname()},
	}
	if !o.MentionsOnly {
		m.Authorization = &authorization{}
		m.Authorization.Permissions.Resource = []right{{Name: ReadRight, Type: "Application"}}
	}

	out, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("teams: manifest: %w", err)
	}

	return append(out, '\n'), nil
}

// readsSentence is the part of the app's description that says which messages the app reads.
func readsSentence(mentionsOnly bool) string {
	if mentionsOnly {
		return " It is told only of messages that mention it."
	}
	return " It reads the messages of the team's channels to pass on answers; what isn't in a customer's thread is not kept."
}

// complete fills in defaults and checks the options. Website, Privacy and Terms default to PublicURL.
func (o *ManifestOptions) complete() error {
	o.setDefaults()
	return o.check()
}

func (o *ManifestOptions) setDefaults() {
	o.PublicURL = strings.TrimSuffix(o.PublicURL, "/")
	o.Name = cmp.Or(o.Name, "Parley")
	o.Version = cmp.Or(o.Version, "1.0.0")
	o.Developer = cmp.Or(o.Developer, o.Name)
	o.Website = cmp.Or(o.Website, o.PublicURL)
	o.Privacy = cmp.Or(o.Privacy, o.Website)
	o.Terms = cmp.Or(o.Terms, o.Website)
}

func (o *ManifestOptions) check() error {
	var faults []error
	addFault := func(text string, args ...any) { faults = append(faults, fmt.Errorf(text, args...)) }
	if !objectIDPattern.MatchString(o.AppID) {
		addFault("the app id isn't an id like 00000000-0000-0000-0000-000000000000; copy the Microsoft App ID of the bot's registration")
	}
	if n := len([]rune(o.Name)); n > maxShortName {
		addFault("the name has %d characters, Teams takes %d", n, maxShortName)
	}
	if n := len([]rune(o.Developer)); n > maxDeveloper {
		addFault("the developer's name has %d characters, Teams takes %d", n, maxDeveloper)
	}
	if !versionPattern.MatchString(o.Version) || len(o.Version) > maxVersionRunes {
		addFault("%q isn't a version; write three numbers, like 1.0.1", o.Version)
	}

	var refused []string
	for _, a := range []struct{ name, value string }{
		{"public URL", o.PublicURL},
		{"website", o.Website},
		{"privacy page", o.Privacy},
		{"page of terms", o.Terms},
	} {
		u, err := url.Parse(a.value)
		isHTTPS := err == nil && u.Scheme == "https" && u.Hostname() != ""
		if !isHTTPS && !slices.Contains(refused, a.value) {
			refused = append(refused, a.value) // others may default to the same address: report it once
			addFault("the %s is not https: Teams talks to nothing else", a.name)
		}
	}

	return errors.Join(faults...)
}

// botCommands describes the commands with these names, which Teams suggests while people type to the app.
func botCommands(words ...string) []offered {
	list := make([]offered, 0, len(words))
	for _, word := range words {
		if v, ok := verb.Find(word); ok {
			list = append(list, offered{Title: word, Description: v.Help.Sentence})
		}
	}
	return list
}

// extensionCommands lists what Teams offers in a message's menu, next to the message box and in its search.
func extensionCommands() []extensionCommand {
	var list []extensionCommand
	for _, v := range verb.InMenu() {
		c := extensionCommand{
			ID:          CommandOf(v.Name),
			Type:        "action",
			Title:       v.Menus.Message.Title,
			Description: v.Menus.Message.About,
			Context:     []string{"message"},
			FetchTask:   true,
		}
		if v.Name == bridge.VerbReply { // its form can also be opened next to the message box and by a slash command
			c.Context, c.Triggers = append(c.Context, "compose", "commandBox"), []string{"slash"}
		}
		list = append(list, c)
	}

	begin, find := verb.Of(bridge.VerbNew).Menus.Box, verb.Of(bridge.VerbFind).Menus.Box
	return append(list,
		extensionCommand{ID: CommandNew, Type: "action", Title: begin.Title, Description: begin.About,
			Context: []string{"compose", "commandBox"}, FetchTask: true, Triggers: []string{"slash"}},
		extensionCommand{ID: CommandFind, Type: "query", Title: find.Title, Description: find.About,
			Context: []string{"compose", "commandBox"}, InitialRun: true,
			Parameters: []parameter{{Name: parameterFind, Title: "Search", Input: "text"}}})
}

// Package returns the app package: a zip of the manifest and two icons. The same options give the same bytes.
// Errors: as JSON.
func Package(o ManifestOptions) ([]byte, error) {
	text, err := JSON(o)
	if err != nil {
		return nil, err
	}

	color, err := colorIcon()
	if err != nil {
		return nil, fmt.Errorf("teams: package: %s: %w", colorFile, err)
	}
	outline, err := outlineIcon()
	if err != nil {
		return nil, fmt.Errorf("teams: package: %s: %w", outlineFile, err)
	}

	return zipFiles([]packageFile{{"manifest.json", text}, {colorFile, color}, {outlineFile, outline}})
}

type packageFile struct {
	name    string
	content []byte
}

// zipFiles returns a zip of files. It doesn't depend on the current time.
func zipFiles(files []packageFile) ([]byte, error) {
	earliest := time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC) // the earliest time that a zip can store
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, f := range files {
		w, err := z.CreateHeader(&zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: earliest})
		if err != nil {
			return nil, fmt.Errorf("teams: package: %s: %w", f.name, err)
		}
		if _, err := w.Write(f.content); err != nil {
			return nil, fmt.Errorf("teams: package: %s: %w", f.name, err)
		}
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("teams: package: %w", err)
	}
	return out.Bytes(), nil
}
