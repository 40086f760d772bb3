package twiliofake

// Twilio's error codes. Their messages are where they are used.
// Source: Twilio's error and warning dictionary.
const (
	codeNoMedia       = 12300 // a file could not be fetched for an MMS, or Twilio accepts no such files
	codeInvalid       = 20001 // the request is malformed; Twilio has more exact codes for some of these faults
	codeUnauthorized  = 20003
	codeMethod        = 20004
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
	codeNoMMS         = 21612 // the number has no MMS; Twilio uses it for other reasons, too
	codeTextTooLong   = 21617
	codeEmpty         = 21619
	codeBadMedia      = 21620
	codeTooManyFiles  = 21623
	codeNoContent     = 21655
	codeBadVariables  = 21656
	codeMixedChannels = 21910 // only one of the two addresses is a WhatsApp address
	codeFileTooLarge  = 30019 // a file is too large for an MMS
	codeNoSchedule    = 35118 // only a messaging service can schedule messages
	codeNoSender      = 63007
	codeWindowClosed  = 63016
	codeWhatsAppMedia = 63019 // a file could not be fetched, or is too large for WhatsApp
	codeBadContent    = 63021
	codePaused        = 63041
	codeDisabled      = 63042
)

// messageStatus is a message's status, with Twilio's names.
// Source: Twilio, "Message resource".
type messageStatus string

const (
	messageReceived    messageStatus = "received" // from a customer
	messageQueued      messageStatus = "queued"
	messageSent        messageStatus = "sent"
	messageDelivered   messageStatus = "delivered"
	messageUndelivered messageStatus = "undelivered" // a failed SMS
	messageFailed      messageStatus = "failed"      // a failed WhatsApp message
)

// A message's direction, with Twilio's names.
const (
	directionInbound = "inbound"        // from a customer
	directionOurs    = "outbound-api"   // from the company
	directionTwilio  = "outbound-reply" // an automatic reply by Twilio
)

// verdict is the state of a content's approval by WhatsApp, with Twilio's names.
// Source: Twilio, "Content approval requests".
type verdict string

const (
	verdictUnsubmitted verdict = "unsubmitted"
	verdictReceived    verdict = "received" // Twilio has the request
	verdictPending     verdict = "pending"  // WhatsApp has the request
	verdictApproved    verdict = "approved"
	verdictRejected    verdict = "rejected"
	verdictPaused      verdict = "paused"
	verdictDisabled    verdict = "disabled"
)
