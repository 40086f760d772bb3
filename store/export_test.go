package store

// Statements of this package, for tests that look at their plans.
const (
	TakeRunsSQL     = takeRuns
	TakeSuspectSQL  = takeSuspect
	FindWaitingSQL  = findWaiting
	ReleaseRunsSQL  = releaseRuns
	SharesDueSQL    = sharesDue
	WakeQueuesSQL   = wakeQueues
	InsertEventsSQL = insertEvents
	LockLanesSQL    = lockLanes
	DeliveriesOfSQL = deliveriesOf
	LatestSQL       = latestMessages
	LatestSaidSQL   = latestWithSaid
	FireTimersSQL   = takeDueTimers

	TimeFormerOwnersSQL = timeFormerOwners
	TimeUntakenSQL      = timeUntaken
	FindPostsSQL        = findPosts

	SilencedSendersSQL = silencedSenders
	KeysAfterSQL       = keysAfter

	FindExternalSQL = findExternalIDs
	LockConvSQL     = lockConversations
	LatestOfSQL     = latestOf
	ParkedOfSQL     = parkedOf
	OpenOfSQL       = openOf
	RelatedSQL      = related
	WritersAmongSQL = keysThatWrote

	OutgoingThreadsSQL    = outgoingThreads
	PostingsSQL           = postings
	GapsOfMessagesSQL     = gapsOfMessages
	OutgoingIdentitiesSQL = outgoingIdentities
	ReplySubjectsSQL      = replySubjects
	JoinedToSQL           = joinedTo
	MessagesOfPostSQL     = messagesOfPost
	IdentitiesOfKeysSQL   = identitiesOfKeys
	GetIdentitiesSQL      = getIdentities
	OutgoingKeysSQL       = outgoingKeys
	BehindRepliesSQL      = behindReplies
	ClaimFetchesSQL       = claimFetches
	BurstTemplatesSQL     = burstTemplates
	ClaimBurstsSQL        = claimBursts
	FilesOfSQL            = filesOf
	SentLatelySQL         = sentLately
	RepliesBeforeSQL      = repliesBefore
	FindReactionsSQL      = findReactions
	ParkedMessagesSQL     = parkedMessages
	ListClosingSQL        = listClosing
	FindOpeningsSQL       = findOpenings
	CollectingOfDaysSQL   = collectingOfDays
	FindSQL               = findConversations
	FindNewestSQL         = findNewest
	NamesInChannelSQL     = namesInChannel
	IsAwaitedSQL          = isAwaited
	IsSilencedSQL         = isSilenced
)

// These compose statements.
var (
	ComposeList   = composeList
	ComposeCounts = composeCounts
)
