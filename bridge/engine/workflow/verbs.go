package workflow

// Verbs lists the verbs that this package applies.
func Verbs() []useCase {
	return append(presenceVerbs(), []useCase{
		takeVerb(),
		assignVerb(),
		unassignVerb(),
		tagVerb(),
		untagVerb(),
		tagMessagesVerb(),
		topicVerb(),
		renameVerb(),
		priorityVerb(),
		pinVerb(),
		unpinVerb(),
		analysisVerb(),
		pendingVerb(),
		readVerb(),
		snoozeVerb(),
		wakeVerb(),
		resolveVerb(),
		reopenVerb(),
		closeVerb(),
		mergeVerb(),
		unmergeVerb(),
		leaveVerb(),
	}...)
}
