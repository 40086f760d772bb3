package engine

import (
	"strings"

	"parley/bridge"
	"parley/store"
)

const maxTopicRunes = 200

func topicVerb() useCase {
	return useCase{
		Rules: Rules{Name: bridge.VerbTopic, Deed: store.DeedNamed},
		Do:    (*work).setTopic,
	}
}

// setTopic names what the conversation is about.
func (w *work) setTopic(r Request) {
	topic := strings.Join(strings.Fields(r.Args.Note), " ")
	if topic == "" || len([]rune(topic)) > maxTopicRunes {
		w.Refuse(r, "bad_topic", "A topic has 1 to 200 letters.", "For example: !topic Broken printer")
		return
	}
	r.Conversation.Subject = topic
	w.Log.Did(r, Detail{Text: topic})
	r.Conversation.RefreshCard()
}
