package engine

// SpeechVerbs returns the verbs that this package applies. Those without a function (say, reply, note) are applied by
// the engine, which knows where the text was typed.
func SpeechVerbs() []speechUseCase {
	return []speechUseCase{
		sayVerb(),
		replyVerb(),
		noteVerb(),
		unknownVerb(),
		editVerb(),
		deleteVerb(),
		undoVerb(),
		sendVerb(),
		sendThereVerb(),
		keepVerb(),
		dropVerb(),
		sendAgainVerb(),
		markSentVerb(),
	}
}
