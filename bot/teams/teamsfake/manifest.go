package teamsfake

import (
	"fmt"
	"slices"
	"strings"
)

// manifest is what the emulator reads of the app's manifest. The nil manifest declares
// everything.
// Source: Microsoft Teams app manifest schema 1.30, read 2026-11.
type manifest struct {
	Bots []struct {
		SupportsFiles            bool `json:"supportsFiles"`
		SupportsTargetedMessages bool `json:"supportsTargetedMessages"`
		CommandLists             []struct {
			Triggers []string `json:"triggers"`
			Commands []struct {
				Title string `json:"title"`
			} `json:"commands"`
		} `json:"commandLists"`
		Configuration struct {
			Team struct {
				FetchTask bool `json:"fetchTask"`
			} `json:"team"`
		} `json:"configuration"`
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

func (m *manifest) targeted() bool {
	return m == nil || len(m.Bots) > 0 && m.Bots[0].SupportsTargetedMessages
}

func (m *manifest) files() bool { return m == nil || len(m.Bots) > 0 && m.Bots[0].SupportsFiles }

// slash refuses what does not begin with a declared slash command.
func (m *manifest) slash(text string) error {
	if m == nil {
		return nil
	}
	for _, b := range m.Bots {
		for _, l := range b.CommandLists {
			for _, c := range l.Commands {
				if slices.Contains(l.Triggers, "slash") && (text == c.Title || strings.HasPrefix(text, c.Title+" ")) {
					return nil
				}
			}
		}
	}
	return fmt.Errorf("teamsfake: the app declares no slash command %q", text)
}
