package workflow

// Verbs lists the verbs that this package applies.
func Verbs() []useCase {
	return append(presenceVerbs(), []useCase{
		takeVerb(),
		assignVerb(),
		unassignVerb(),
		tagVerb(),
		untagVerb(),
		topicVerb(),
		renameVerb(),
		priorityVerb(),
		analysisVerb(),
		pendingVerb(),
		snoozeVerb(),
		wakeVerb(),
		resolveVerb(),
		reopenVerb(),
		closeVerb(),
		leaveVerb(),
	}...)
}
