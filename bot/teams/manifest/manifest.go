package manifest

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

// Ids of the message extension's commands, besides those of verbs (CommandOf).
const (
	CommandNew  = "newConversation" // opens the form; also a slash command
	CommandFind = "find"            // a search; its parameter is parameterFind
)

// parameterFind is what people type into the search of CommandFind.
const parameterFind = "words"

// Limits of Teams.
// Source: schema 1.30 of app manifests and learn.microsoft.com "App manifest schema", read
// 2026-11.
const (
	manifestSchema  = "https://developer.microsoft.com/json-schemas/teams/v1.30/MicrosoftTeams.schema.json"
	maxShortName    = 30
	maxDeveloper    = 32
	maxVersionRunes = 256
)

var (
	objectID = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	versions = regexp.MustCompile(`^\d+\.\d+\.\d+$`)
)

// Options choose what the app's package asks for.
type Options struct {
	AppID        string // of the bot's registration, which becomes the app's as well
	Name         string // of the app; "" means Parley
	PublicURL    string // where Teams reaches us, https
	Version      string // "" means 1.0.0; Teams accepts an update only with a higher one
	Developer    string // who offers the app; "" means Name
	Website      string // the link on the app's page in Teams; "" means PublicURL
	Privacy      string // "" means Website
	Terms        string // "" means Website
	MentionsOnly bool   // don't ask for the right to read channel messages
}

// document is Teams' description of an app.
type document struct {
	Schema        string            `json:"$schema"`
	SchemaVersion string            `json:"manifestVersion"`
	Version       string            `json:"version"`
	ID            string            `json:"id"`
	Developer     developer         `json:"developer"`
	Name          map[string]string `json:"name"`
	Description   map[string]string `json:"description"`
	Icons         map[string]string `json:"icons"`
	Accent        string            `json:"accentColor"`
	Scope         string            `json:"defaultInstallScope"`
	Capability    map[string]string `json:"defaultGroupCapability"`
	Channels      string            `json:"supportsChannelFeatures"`
	Bots          []bot             `json:"bots"`
	Extensions    []extension       `json:"composeExtensions"`
	Tabs          []tab             `json:"staticTabs"`
	Permissions   []string          `json:"permissions"`
	Domains       []string          `json:"validDomains"` // of pages that dialogs show
	Application   *webApp           `json:"webApplicationInfo,omitempty"`
	Authorization *authorization    `json:"authorization,omitempty"`
}

type developer struct {
	Name    string `json:"name"`
	Website string `json:"websiteUrl"`
	Privacy string `json:"privacyUrl"`
	Terms   string `json:"termsOfUseUrl"`
}

type bot struct {
	ID       string        `json:"botId"`
	Scopes   []string      `json:"scopes"`
	Files    bool          `json:"supportsFiles"`
	OneWay   bool          `json:"isNotificationOnly"`
	Targeted bool          `json:"supportsTargetedMessages"`
	Commands []commandList `json:"commandLists"`
}

type commandList struct {
	Scopes   []string  `json:"scopes"`
	Triggers []string  `json:"triggers,omitempty"`
	Commands []offered `json:"commands"`
}

type offered struct {
	Title       string `json:"title"`
	Description string `json:"description"`
}

type extension struct {
	BotID    string             `json:"botId"`
	Commands []extensionCommand `json:"commands"`
}

type extensionCommand struct {
	ID          string      `json:"id"`
	Type        string      `json:"type"`
	Title       string      `json:"title"`
	Description string      `json:"description"`
	Context     []string    `json:"context"`
	FetchTask   bool        `json:"fetchTask,omitempty"`
	InitialRun  bool        `json:"initialRun,omitempty"`
	Triggers    []string    `json:"triggers,omitempty"`
	Parameters  []parameter `json:"parameters,omitempty"`
}

type parameter struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	Input string `json:"inputType"`
}

// tab is a page of ours that Teams shows.
type tab struct {
	ID      string   `json:"entityId"`
	Name    string   `json:"name"`
	Content string   `json:"contentUrl"` // in the tab
	Website string   `json:"websiteUrl"` // in the browser
	Scopes  []string `json:"scopes"`
}

// Tab is where a tab begins, below the public address; its parameter names what it shows.
const Tab = "/auth/tab?to="

// listTabs lists the pages that people find in the app.
func listTabs(base string) []tab {
	personal := []string{"personal"}
	return []tab{
		{ID: "inbox", Name: "Inbox", Content: base + Tab + "inbox", Website: base + "/inbox", Scopes: personal},
		{ID: "settings", Name: "Settings", Content: base + Tab + "settings", Website: base + "/settings", Scopes: personal},
	}
}

type webApp struct {
	ID       string `json:"id"`
	Resource string `json:"resource"`
}

type authorization struct {
	Permissions struct {
		Resource []right `json:"resourceSpecific"`
	} `json:"permissions"`
}

type right struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// CommandOf returns the id of a verb's entry in a message's menu.
func CommandOf(name bridge.Verb) string { return string(name) + "FromMessage" }

// VerbOf returns the verb of an entry in a message's menu; "" if there is no such entry.
func VerbOf(command string) bridge.Verb {
	name, ok := strings.CutSuffix(command, CommandOf(""))
	if !ok || verb.Of(bridge.Verb(name)).Menus.Message == nil {
		return ""
	}
	return bridge.Verb(name)
}

// JSON writes the app's manifest.
// Errors: what is missing or doesn't fit, and what to do.
func JSON(o Options) ([]byte, error) {
	if err := o.complete(); err != nil {
		return nil, fmt.Errorf("teams: manifest: %w", err)
	}

	host, err := url.Parse(o.PublicURL)
	if err != nil {
		return nil, fmt.Errorf("teams: manifest: %w", err)
	}

	m := document{
		Schema:        manifestSchema,
		SchemaVersion: "1.30",
		Version:       o.Version,
		ID:            o.AppID,
		Developer:     developer{Name: o.Developer, Website: o.Website, Privacy: o.Privacy, Terms: o.Terms},
		Name:          map[string]string{"short": o.Name, "full": o.Name + ": conversations with customers"},
		Description: map[string]string{"short": "Conversations with customers as threads",
			"full": "Each conversation with a customer (e-mail, WhatsApp, SMS, Messenger) is a thread in a channel of this team. Whoever holds it answers there; notes stay inside." + readsSentence(o.MentionsOnly)},
		Icons:      map[string]string{"color": colorFile, "outline": outlineFile},
		Accent:     accentColor,
		Scope:      "team",
		Capability: map[string]string{"team": "bot"},
		Channels:   "tier1", // private and shared channels, too
		Bots: []bot{{ID: o.AppID, Scopes: []string{"team", "personal"}, Targeted: true, Commands: []commandList{
			{Scopes: []string{"team"}, Triggers: []string{"mention", "slash"}, Commands: botCommands(verb.OfferedInThread()...)},
			{Scopes: []string{"team"}, Triggers: []string{"mention"}, Commands: botCommands("reply")}, // not as a slash command: what only we see never goes to a customer
			{Scopes: []string{"personal"}, Commands: botCommands(verb.OfferedInChat()...)},
		}}},
		Tabs: listTabs(o.PublicURL),
		// It lets Teams ask for tokens for the tabs; without it Teams grants no right either.
		Application: &webApp{ID: o.AppID, Resource: "api://" + strings.ToLower(host.Hostname()) + "/botid-" + o.AppID},
		Extensions:  []extension{{BotID: o.AppID, Commands: extensionCommands()}},
		Permissions: []string{"identity", "messageTeamMembers"},
		Domains:     []string{host.Hostname()},
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

// ReadRight is the right to read a team's channel messages. The team's owner grants it by adding the
// app. Without it Teams tells us only of messages that mention the app.
const ReadRight = "ChannelMessage.Read.Group"

// readsSentence says in words for people which messages the app reads.
func readsSentence(mentionsOnly bool) string {
	if mentionsOnly {
		return " It is told only of messages that mention it."
	}
	return " It reads the messages of the team's channels to pass on answers; what isn't in a customer's thread is not kept."
}

// complete fills in defaults and checks the options.
func (o *Options) complete() error {
	o.PublicURL = strings.TrimSuffix(o.PublicURL, "/")
	o.Name = cmp.Or(o.Name, "Parley")
	o.Version = cmp.Or(o.Version, "1.0.0")
	o.Developer = cmp.Or(o.Developer, o.Name)
	o.Website = cmp.Or(o.Website, o.PublicURL)
	o.Privacy = cmp.Or(o.Privacy, o.Website)
	o.Terms = cmp.Or(o.Terms, o.Website)
	var faults []error
	addFault := func(text string, args ...any) { faults = append(faults, fmt.Errorf(text, args...)) }
	if !objectID.MatchString(o.AppID) {
		addFault("the app id is no id like 00000000-0000-0000-0000-000000000000; copy the Microsoft App ID of the bot's registration")
	}
	if n := len([]rune(o.Name)); n > maxShortName {
		addFault("the name has %d characters, Teams takes %d", n, maxShortName)
	}
	if n := len([]rune(o.Developer)); n > maxDeveloper {
		addFault("the developer's name has %d characters, Teams takes %d", n, maxDeveloper)
	}
	if !versions.MatchString(o.Version) || len(o.Version) > maxVersionRunes {
		addFault("%q is no version; write three numbers, like 1.0.1", o.Version)
	}

	var refused []string
	for _, a := range []struct{ name, value string }{{"public URL", o.PublicURL}, {"website", o.Website}, {"privacy page", o.Privacy}, {"page of terms", o.Terms}} {
		u, err := url.Parse(a.value)
		isHTTPS := err == nil && u.Scheme == "https" && u.Hostname() != ""
		if !isHTTPS && !slices.Contains(refused, a.value) {
			refused = append(refused, a.value) // an address that others default to is reported once
			addFault("the %s is not https: Teams talks to nothing else", a.name)
		}
	}

	return errors.Join(faults...)
}

// botCommands lists the verbs with these words, which Teams offers while people type to the app.
func botCommands(words ...string) []offered {
	list := make([]offered, 0, len(words))
	for _, word := range words {
		if v, ok := verb.Find(word); ok {
			list = append(list, offered{Title: word, Description: v.Help.Sentence})
		}
	}
	return list
}

func extensionCommands() []extensionCommand {
	var list []extensionCommand
	for _, v := range verb.InMenu() {
		c := extensionCommand{ID: CommandOf(v.Name), Type: "action", Title: v.Menus.Message.Title, Description: v.Menus.Message.About, Context: []string{"message"}, FetchTask: true}
		if v.Name == bridge.VerbReply {
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

// Package writes what is uploaded to Teams: a zip of the manifest and two icons. The same
// options give the same bytes.
// Errors: as JSON.
func Package(o Options) ([]byte, error) {
	text, err := JSON(o)
	if err != nil {
		return nil, err
	}

	var out bytes.Buffer
	noTime := time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC) // the first that a zip can hold; the real time would change the bytes
	z := zip.NewWriter(&out)
	for _, f := range []struct {
		name string
		body func() ([]byte, error)
	}{{"manifest.json", func() ([]byte, error) { return text, nil }}, {colorFile, colorIcon}, {outlineFile, outlineIcon}} {
		body, err := f.body()
		if err != nil {
			return nil, fmt.Errorf("teams: package: %s: %w", f.name, err)
		}

		w, err := z.CreateHeader(&zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: noTime})
		if err == nil {
			_, err = w.Write(body)
		}
		if err != nil {
			return nil, fmt.Errorf("teams: package: %s: %w", f.name, err)
		}
	}

	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("teams: package: %w", err)
	}

	return out.Bytes(), nil
}
