package teamsfake

import (
	"fmt"
	"slices"
	"strings"
)

// Manifest is the part of a Teams app's manifest.json that the emulator uses. It declares which features the app has, such as
// slash commands. Like Teams, the emulator refuses to use features that aren't declared. A nil Manifest declares everything,
// for tests that don't need one.
// Source: Microsoft Teams app manifest schema 1.30, read 2026-11.
type Manifest struct {
	Bots []struct {
		SupportsFiles            bool `json:"supportsFiles"`
		SupportsTargetedMessages bool `json:"supportsTargetedMessages"`
		CommandLists             []struct {
			Triggers []string `json:"triggers"`
			Commands []struct {
				Title string `json:"title"`
			} `json:"commands"`
		} `json:"commandLists"`
	} `json:"bots"`
	ComposeExtensions []struct {
		Commands []extensionCommand `json:"commands"`
	} `json:"composeExtensions"`
}

// extensionCommand is a command of a message extension, which adds entries to the menus of Teams.
type extensionCommand struct {
	ID         string   `json:"id"`
	Type       string   `json:"type"`      // action or query
	Context    []string `json:"context"`   // menus that have the command: "message", "compose"
	FetchTask  bool     `json:"fetchTask"` // the bot is asked for a dialog
	Parameters []struct {
		Name string `json:"name"`
	} `json:"parameters"`
}

// AllowsTargeted reports whether the app supports targeted messages, which only one person sees.
func (m *Manifest) AllowsTargeted() bool {
	if m == nil {
		return true
	}
	return len(m.Bots) > 0 && m.Bots[0].SupportsTargetedMessages
}

// AllowsFiles reports whether the app supports files in personal chats.
func (m *Manifest) AllowsFiles() bool {
	if m == nil {
		return true
	}
	return len(m.Bots) > 0 && m.Bots[0].SupportsFiles
}

// CheckSlash returns an error unless a text, without its slash, begins with a declared slash command.
func (m *Manifest) CheckSlash(text string) error {
	if m == nil {
		return nil
	}

	for _, bot := range m.Bots {
		for _, list := range bot.CommandLists {
			if !slices.Contains(list.Triggers, "slash") {
				continue
			}

			for _, command := range list.Commands {
				if text == command.Title || strings.HasPrefix(text, command.Title+" ") {
					return nil
				}
			}
		}
	}

	return fmt.Errorf("teamsfake: the app declares no slash command %q", text)
}

// Extension returns the message extension's command with an id. kind is "action" or "query", and context the menu in which a
// person picks it: "message" or "compose". It returns an error if the command isn't declared for them.
func (m *Manifest) Extension(id, kind, context string) (extensionCommand, error) {
	if m == nil {
		return extensionCommand{ID: id, Type: kind, FetchTask: true}, nil
	}

	for _, extension := range m.ComposeExtensions {
		for _, command := range extension.Commands {
			if command.ID != id || command.Type != kind {
				continue
			}

			isInMenu := slices.ContainsFunc(command.Context, func(menu string) bool { return strings.EqualFold(menu, context) })
			if isInMenu || len(command.Context) == 0 {
				return command, nil
			}
		}
	}

	return extensionCommand{}, fmt.Errorf("teamsfake: the app declares no %s command %q for %s", kind, id, context)
}
