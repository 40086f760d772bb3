package engine

// SpeechUseCases applies typed texts in one batch, which is the set of events that are applied in one transaction.
// Its parts group the methods by subject.
type SpeechUseCases struct {
	*Writer
	replies      *ReplyUseCases
	ChannelTexts *ChannelTexts // texts outside all threads

	outside        outsideThread
	editing        editing
	deciding       deciding
	resending      resending
	colleagueTexts colleagueTexts
}

// These parts have no state of their own. Their methods are in the files that are named.
type (
	outsideThread  struct{ *SpeechUseCases } // replies and notes from forms, or with a conversation's number (outside_thread.go)
	editing        struct{ *SpeechUseCases } // edits and deletions (edit.go, delete.go)
	deciding       struct{ *SpeechUseCases } // Send, Keep and Drop (decide.go)
	resending      struct{ *SpeechUseCases } // sending the rest of a reply that has left in part (resend.go)
	colleagueTexts struct{ *SpeechUseCases } // edits that make a text one for colleagues, or no longer one (colleagues.go)
)

// useCase is a verb that this package applies.
type speechUseCase = Case[*SpeechUseCases]

// NewSpeech returns the use cases for one batch.
func NewSpeech(tw *Writer, rs *ReplyUseCases) *SpeechUseCases {
	sp := &SpeechUseCases{Writer: tw, replies: rs}
	sp.ChannelTexts = &ChannelTexts{tw, sp}
	sp.outside = outsideThread{sp}
	sp.editing = editing{sp}
	sp.deciding = deciding{sp}
	sp.resending = resending{sp}
	sp.colleagueTexts = colleagueTexts{sp}
	return sp
}

// ChannelTexts handles texts in a team's channel outside all threads (channel_text.go).
type ChannelTexts struct {
	*Writer
	speech *SpeechUseCases
}
