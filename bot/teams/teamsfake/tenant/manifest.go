package tenant

import (
	"fmt"
	"slices"
	"strings"
)

// Manifest is what the emulator reads of the app's manifest. The nil manifest declares
// everything.
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

type extensionCommand struct {
	ID         string   `json:"id"`
	Type       string   `json:"type"` // action or query
	Context    []string `json:"context"`
	FetchTask  bool     `json:"fetchTask"`
	Parameters []struct {
		Name string `json:"name"`
	} `json:"parameters"`
}

// AllowsTargeted reports whether the app takes messages that one person sees.
func (m *Manifest) AllowsTargeted() bool {
	if m == nil {
		return true
	}
	return len(m.Bots) > 0 && m.Bots[0].SupportsTargetedMessages
}

// AllowsFiles reports whether the app takes files in personal chats.
func (m *Manifest) AllowsFiles() bool {
	if m == nil {
		return true
	}
	return len(m.Bots) > 0 && m.Bots[0].SupportsFiles
}

// Slash refuses what does not begin with a declared slash command.
func (m *Manifest) Slash(text string) error {
	if m == nil {
		return nil
	}

	for _, b := range m.Bots {
		for _, l := range b.CommandLists {
			if !slices.Contains(l.Triggers, "slash") {
				continue
			}

			for _, c := range l.Commands {
				if text == c.Title || strings.HasPrefix(text, c.Title+" ") {
					return nil
				}
			}
		}
	}

	return fmt.Errorf("teamsfake: the app declares no slash command %q", text)
}

// Extension finds a message extension's command.
func (m *Manifest) Extension(id, kind, context string) (extensionCommand, error) {
	if m == nil {
		return extensionCommand{ID: id, Type: kind, FetchTask: true}, nil
	}

	for _, e := range m.ComposeExtensions {
		for _, c := range e.Commands {
			if c.ID != id || c.Type != kind {
				continue
			}

			isDeclared := slices.ContainsFunc(c.Context, func(x string) bool { return strings.EqualFold(x, context) })
			if isDeclared || len(c.Context) == 0 {
				return c, nil
			}
		}
	}

	return extensionCommand{}, fmt.Errorf("teamsfake: the app declares no %s command %q for %s", kind, id, context)
}
