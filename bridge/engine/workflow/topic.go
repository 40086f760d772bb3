package workflow

import (
	"strings"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/verb"
	"parley/store"
)

const maxTopicRunes = 200

func topicVerb() useCase {
	return useCase{
		Rules: verb.Rules{Name: bridge.VerbTopic, Deed: store.DeedNamed},
		Do:    (*UseCases).setTopic,
	}
}

// setTopic names what the conversation is about.
func (wf *UseCases) setTopic(r book.Request) {
	topic := strings.Join(strings.Fields(r.Args.Note), " ")
	if topic == "" || len([]rune(topic)) > maxTopicRunes {
		wf.Refuse(r, "bad_topic", "A topic has 1 to 200 letters.", "For example: !topic Broken printer")
		return
	}
	r.Conversation.Subject = topic
	wf.Log.Did(r, book.Detail{Text: topic})
	r.Conversation.RefreshCard()
}
