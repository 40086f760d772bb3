package teams

import (
	"archive/zip"
	"bytes"
	"cmp"
	_ "embed" // the icons
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

// The icons in the app's package, and the names of their files. Both show a speech bubble: in white on the accent color, and as a
// white outline on a transparent background.
var (
	//go:embed color.png
	colorIcon []byte
	//go:embed outline.png
	outlineIcon []byte
)

const (
	colorFile   = "color.png"
	outlineFile = "outline.png"
)

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

// object is a JSON object. Teams' schema (manifestSchema) explains the fields of the manifest's.
type object = map[string]any

// Tab is the path, below the public address, of the page that a tab opens. The name of the page to which it redirects
// is appended. The site serves it as web.TabPath.
const Tab = "/auth/tab?to="

// listTabs lists the pages that people find in the app.
func listTabs(base string) (tabs []object) {
	for _, name := range []string{"Inbox", "Settings"} {
		page := strings.ToLower(name)
		tabs = append(tabs, object{
			"entityId": page, "name": name, "contentUrl": base + Tab + page, "websiteUrl": base + "/" + page, "scopes": []string{"personal"},
		})
	}
	return tabs
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
	o.setDefaults()
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("teams: manifest: %w", err)
	}

	public, _ := url.Parse(o.PublicURL) // check has parsed it
	teamScope, personalScope := []string{"team"}, []string{"personal"}
	m := object{
		"$schema": manifestSchema, "manifestVersion": "1.30", "version": o.Version, "id": o.AppID,
		"developer": object{"name": o.Developer, "websiteUrl": o.Website, "privacyUrl": o.Privacy, "termsOfUseUrl": o.Terms},
		"name":      object{"short": o.Name, "full": o.Name + ": conversations with customers"},
		"description": object{"short": "Conversations with customers as threads",
			"full": "Each conversation with a customer (e-mail, WhatsApp, SMS, Messenger) is a thread in a channel of this team. " +
				"Whoever holds it answers there; notes stay inside." + readsSentence(o.MentionsOnly)},
		"icons": object{"color": colorFile, "outline": outlineFile}, "accentColor": "#1D4D4F",
		"defaultInstallScope": "team", "defaultGroupCapability": object{"team": "bot"},
		"supportsChannelFeatures": "tier1", // the tier that includes private and shared channels
		"bots": []object{{
			"botId": o.AppID, "scopes": []string{"team", "personal"},
			"supportsFiles": false, "isNotificationOnly": false, "supportsTargetedMessages": true,
			"commandLists": []object{
				{"scopes": teamScope, "triggers": []string{"mention", "slash"}, "commands": botCommands(verb.OfferedInThread()...)},
				// "reply" isn't a slash command, because colleagues don't see slash commands, and must see what a customer gets.
				{"scopes": teamScope, "triggers": []string{"mention"}, "commands": botCommands("reply")},
				{"scopes": personalScope, "commands": botCommands(verb.OfferedInChat()...)},
			},
		}},
		"staticTabs": listTabs(o.PublicURL),
		// Teams needs webApplicationInfo for single sign-on in tabs, and to grant ReadRight.
		"webApplicationInfo": object{"id": o.AppID, "resource": "api://" + strings.ToLower(public.Hostname()) + "/botid-" + o.AppID},
		"composeExtensions":  []object{{"botId": o.AppID, "commands": extensionCommands()}},
		"permissions":        []string{"identity", "messageTeamMembers"},
		"validDomains":       []string{public.Hostname()}, // of pages in dialogs
	}
	if !o.MentionsOnly {
		rights := []object{{"name": ReadRight, "type": "Application"}}
		m["authorization"] = object{"permissions": object{"resourceSpecific": rights}}
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

// setDefaults fills in defaults. Website, Privacy and Terms default to PublicURL.
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
func botCommands(words ...string) []object {
	list := make([]object, 0, len(words))
	for _, word := range words {
		if v, ok := verb.Find(word); ok {
			list = append(list, object{"title": word, "description": v.Help.Sentence})
		}
	}
	return list
}

// extensionCommands lists what Teams offers in a message's menu, next to the message box and in its search.
func extensionCommands() []object {
	makeCommand := func(id, kind string, menu *verb.Entry, context ...string) object {
		return object{"id": id, "type": kind, "title": menu.Title, "description": menu.About, "context": context}
	}
	var list []object
	for _, v := range verb.InMenu() {
		c := makeCommand(CommandOf(v.Name), "action", v.Menus.Message, "message")
		if v.Menus.Message.InBox { // its form can also be opened next to the message box and by a slash command
			c["context"], c["triggers"] = []string{"message", "compose", "commandBox"}, []string{"slash"}
		}
		c["fetchTask"] = true
		list = append(list, c)
	}
	begin := makeCommand(CommandNew, "action", verb.Of(bridge.VerbNew).Menus.Box, "compose", "commandBox")
	begin["fetchTask"], begin["triggers"] = true, []string{"slash"}
	find := makeCommand(CommandFind, "query", verb.Of(bridge.VerbFind).Menus.Box, "compose", "commandBox")
	find["initialRun"], find["parameters"] = true, []object{{"name": parameterFind, "title": "Search", "inputType": "text"}}
	return append(list, begin, find)
}

// Package returns the app package: a zip of the manifest and two icons. The same options give the same bytes.
// Errors: as JSON.
func Package(o ManifestOptions) ([]byte, error) {
	text, err := JSON(o)
	if err != nil {
		return nil, err
	}

	return zipFiles([]packageFile{{"manifest.json", text}, {colorFile, colorIcon}, {outlineFile, outlineIcon}})
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
