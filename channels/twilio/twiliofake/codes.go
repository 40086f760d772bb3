package twiliofake

// Twilio's error codes. The messages that go with them are where they are used.
// Source: Twilio's error and warning dictionary.
const (
	codeNoMedia       = 12300 // a file could not be fetched for an MMS, or Twilio accepts no such files
	codeInvalid       = 20001 // the request is malformed; Twilio has more exact codes for some of these faults
	codeUnauthorized  = 20003
	codeMethod        = 20004
	codeNotDelivered  = 20009 // the message is under way
	codeNotFound      = 20404
	codeTooLarge      = 20413
	codeTooMany       = 20429
	codeBadTo         = 21211
	codeSameNumber    = 21266
	codeBadWebhook    = 21502
	codeNoFrom        = 21603
	codeNoTo          = 21604
	codeBadFrom       = 21606
	codeBadCallback   = 21609
	codeOptedOut      = 21610
	codeNoMMS         = 21612 // among others: the number has no MMS
	codeTextTooLong   = 21617
	codeEmpty         = 21619
	codeBadMedia      = 21620
	codeTooManyFiles  = 21623
	codeNoContent     = 21655
	codeBadVariables  = 21656
	codeNoService     = 21701
	codeNoneFits      = 21703 // the messaging service has no sender that can send the message
	codeNoSenders     = 21704 // the messaging service has none at all
	codeBadService    = 21705 // what is no messaging service's id
	codeMixedChannels = 21910 // one address is of WhatsApp, the other is not
	codeFileTooLarge  = 30019 // a file is too large for an MMS
	codeNoSchedule    = 35118 // only a messaging service sends later
	codeNoSender      = 63007
	codeWindowClosed  = 63016
	codeWhatsAppMedia = 63019 // a file could not be fetched, or is too large for WhatsApp
	codeBadContent    = 63021
	codePaused        = 63041
	codeDisabled      = 63042
)

// messageStatus is how far a message has come, in Twilio's words.
// Source: Twilio, "Message resource".
type messageStatus string

const (
	messageReceived    messageStatus = "received" // from a customer
	messageAccepted    messageStatus = "accepted"
	messageQueued      messageStatus = "queued"
	messageSending     messageStatus = "sending"
	messageSent        messageStatus = "sent"
	messageDelivered   messageStatus = "delivered"
	messageRead        messageStatus = "read"        // WhatsApp alone
	messageUndelivered messageStatus = "undelivered" // by SMS
	messageFailed      messageStatus = "failed"      // by WhatsApp
)

// Who sent a message, in Twilio's words: a customer, the company, or Twilio by itself.
const (
	directionInbound = "inbound"
	directionOurs    = "outbound-api"
	directionTwilio  = "outbound-reply"
)

// verdict is what WhatsApp says of a content, in Twilio's words.
// Source: Twilio, "Content approval requests".
type verdict string

const (
	verdictUnsubmitted verdict = "unsubmitted"
	verdictReceived    verdict = "received" // by Twilio
	verdictPending     verdict = "pending"  // WhatsApp has it
	verdictApproved    verdict = "approved"
	verdictRejected    verdict = "rejected"
	verdictPaused      verdict = "paused"
	verdictDisabled    verdict = "disabled"
)
