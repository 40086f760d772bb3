package demo

import (
	"encoding/json"
	"fmt"
	"slices"

	"parley/bot/teams/manifest"
	"parley/cmd/parley/demo/company"
)

// teamsApp is what Teams offers of Parley: entries of menus, and words that can be typed. Teams takes them from the
// manifest, the file that describes an app; so does the demo.
type teamsApp struct {
	Actions  []teamsCommand `json:"actions"`  // in a message's menu
	Compose  []teamsCommand `json:"compose"`  // beside the message box, with a dialog
	Search   []teamsCommand `json:"search"`   // beside the message box, with a search
	Slash    []teamsCommand `json:"slash"`    // typed after / in a channel
	Personal []teamsCommand `json:"personal"` // offered in the chat with the app
}

// teamsCommand is an entry of a menu or, if ID is empty, a word that is typed.
type teamsCommand struct {
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description"`
}

// teamsManifest is what the demo needs of the manifest.
type teamsManifest struct {
	Bots []struct {
		Lists []teamsCommandList `json:"commandLists"`
	} `json:"bots"`
	Extensions []struct {
		Commands []teamsMenuCommand `json:"commands"`
	} `json:"composeExtensions"`
}

// teamsCommandList is a list of words that Teams offers while somebody types.
type teamsCommandList struct {
	Scopes   []string       `json:"scopes"`   // where: "personal", "team"
	Triggers []string       `json:"triggers"` // after what: "slash"
	Commands []teamsCommand `json:"commands"`
}

// teamsMenuCommand is an entry of a message's menu, or of the menu beside the message box.
type teamsMenuCommand struct {
	teamsCommand
	Type    string   `json:"type"`    // "query" is a search
	Context []string `json:"context"` // in which menus: "message", "compose"
}

// readTeamsApp reads what Teams offers from Parley's own manifest.
func readTeamsApp() (teamsApp, error) {
	raw, err := manifest.JSON(manifest.Options{AppID: company.TeamsAppID, PublicURL: "https://parley.acme.test"})
	if err != nil {
		return teamsApp{}, err
	}
	var m teamsManifest
	if err := json.Unmarshal(raw, &m); err != nil {
		return teamsApp{}, fmt.Errorf("demo: Teams manifest: %w", err)
	}

	var app teamsApp
	for _, bot := range m.Bots {
		for _, list := range bot.Lists {
			app.addWords(list)
		}
	}
	for _, extension := range m.Extensions {
		for _, command := range extension.Commands {
			app.addMenuCommand(command)
		}
	}
	return app, nil
}

// addWords adds a list of words to the places where Teams offers it.
func (app *teamsApp) addWords(list teamsCommandList) {
	if slices.Contains(list.Triggers, "slash") {
		app.Slash = append(app.Slash, list.Commands...)
	}
	if slices.Contains(list.Scopes, "personal") {
		app.Personal = append(app.Personal, list.Commands...)
	}
}

// addMenuCommand adds an entry to the menus that show it.
func (app *teamsApp) addMenuCommand(c teamsMenuCommand) {
	if slices.Contains(c.Context, "message") {
		app.Actions = append(app.Actions, c.teamsCommand)
	}

	switch {
	case c.Type == "query":
		app.Search = append(app.Search, c.teamsCommand)
	case slices.Contains(c.Context, "compose"):
		app.Compose = append(app.Compose, c.teamsCommand)
	}
}
