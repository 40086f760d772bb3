package teamsfake

import "encoding/json"

// Dialog is what is open in front of a person.
type Dialog struct {
	Title string          `json:"title"`
	URL   string          `json:"url,omitempty"`
	Card  json.RawMessage `json:"card,omitempty"` // an Adaptive Card
}
