package demo

import (
	"encoding/json"
	"fmt"
	"slices"

	"parley/bot/teams"
)

// teamsApp lists the menu entries and typed commands that Microsoft Teams offers for the Parley app.
//
// Teams reads them from the app's manifest. The demo imitates Teams and reads the same manifest (readTeamsApp), so it
// offers exactly what a real installation does. For example, a manifest command with the context "message" becomes an
// entry in the menu of each message (Actions).
type teamsApp struct {
	Actions  []teamsCommand `json:"actions"`  // in the menu of a message
	Compose  []teamsCommand `json:"compose"`  // next to the message box; opens a dialog
	Search   []teamsCommand `json:"search"`   // next to the message box; opens a search
	Slash    []teamsCommand `json:"slash"`    // typed after a slash in a channel
	Personal []teamsCommand `json:"personal"` // offered in the chat with the app
}

// teamsCommand is a menu entry or, if ID is empty, a command that is typed.
type teamsCommand struct {
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description"`
}

// teamsManifest is the part of the manifest that the demo uses.
type teamsManifest struct {
	Bots []struct {
		Lists []teamsCommandList `json:"commandLists"`
	} `json:"bots"`
	Extensions []struct {
		Commands []teamsMenuCommand `json:"commands"`
	} `json:"composeExtensions"`
}

// teamsCommandList is a list of commands that Teams suggests while a user types.
type teamsCommandList struct {
	Scopes   []string       `json:"scopes"`   // where they are offered: "personal", "team"
	Triggers []string       `json:"triggers"` // what makes Teams suggest them: "slash"
	Commands []teamsCommand `json:"commands"`
}

// teamsMenuCommand is an entry in the menu of a message or in the menu next to the message box.
type teamsMenuCommand struct {
	teamsCommand
	Type    string   `json:"type"`    // "query" means a search
	Context []string `json:"context"` // the menus that contain it: "message", "compose"
}

// readTeamsApp generates Parley's manifest and returns the commands in it.
func readTeamsApp() (teamsApp, error) {
	raw, err := teams.JSON(teams.ManifestOptions{AppID: TeamsAppID, PublicURL: "https://parley.acme.test"})
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
			app.addTypedCommands(list)
		}
	}
	for _, extension := range m.Extensions {
		for _, command := range extension.Commands {
			app.addMenuCommand(command)
		}
	}
	return app, nil
}

// addTypedCommands adds a list of typed commands to the places where Teams suggests it.
func (app *teamsApp) addTypedCommands(list teamsCommandList) {
	if slices.Contains(list.Triggers, "slash") {
		app.Slash = append(app.Slash, list.Commands...)
	}
	if slices.Contains(list.Scopes, "personal") {
		app.Personal = append(app.Personal, list.Commands...)
	}
}

// addMenuCommand adds a menu entry to the menus that contain it.
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
