package twilio

// Error codes of Twilio. Those below 30000 come in the response to a request. Those from 30000 on mostly come later, in a status
// callback. Those from 63000 on concern WhatsApp. failures.go says what each of them means for the message.
// Source: Twilio's error and warning dictionary.
const (
	// Rate limits and daily limits.
	codeTooManyRequests = 20429
	codeQueueFull       = 21611
	codeQueueOverflow   = 30001
	codeCarrierRate     = 30022 // too fast for the US carrier
	codeRateOrLimit     = 63018 // too fast, or the daily limit of conversations is reached
	codeChannelRate     = 63017
	codeCarrierDayCap   = 30023 // a US carrier's daily cap for the company is reached
	codeTMobileDayCap   = 30027 // the same cap at T-Mobile

	// Failures of the carrier or the channel.
	codeCarrierUnknown   = 30008
	codeCarrierTimeout   = 30410
	codeChannelInternal  = 63012
	codePhoneUnreachable = 30003 // switched off, or no reception

	// The recipient.
	codeBadNumber      = 21211
	codeNoRoute        = 21612 // this sender can't reach this number
	codeNotMobile      = 21614
	codePhoneUnknown   = 30005
	codeLandline       = 30006
	codeChannelNoUser  = 63003 // no such user on the channel
	codeChannelBadUser = 63024
	codeOptedOut       = 21610
	codeBlocked        = 30004
	codeBlockedByUser  = 63014
	codeUnknownSender  = 30018 // the customer's carrier requires registered senders
	codeNumericSender  = 30024 // the same for numeric senders
	codeWindowClosed   = 63016 // WhatsApp's 24-hour reply window

	// Texts and files.
	codeBodyTooLong     = 21617
	codeBodyLimit       = 21605 // the same in an older API
	codeNoBody          = 21602
	codeNothingToSend   = 21619
	codeBadMediaURL     = 21620
	codeBadMediaType    = 12300
	codeMMSTooLarge     = 11751
	codeMediaTooLarge   = 30019
	codePolicyViolated  = 63013
	codeMediaNotFetched = 63019
	codeBadContent      = 63021
	codeNotAccepted     = 63005 // the channel doesn't accept the content
	codeNotFormatted    = 63006 // the channel can't format the content
	codeMediaOverLimit  = 63034
	codeMMSUnsupported  = 30011 // the customer's phone has no MMS
	codeFiltered        = 30007 // a carrier filtered it as spam

	// Contents and templates.
	codeContentUnknown     = 21655
	codeContentVariable    = 21656
	codeTemplateUnknown    = 63027
	codeTemplateParameters = 63028
	codeTemplatePaused     = 63041
	codeTemplateDisabled   = 63042
	codeUserLimited        = 63032 // WhatsApp limits messages to this customer
	codeMarketingLimited   = 63049 // WhatsApp limits advertising to this customer

	// Credentials, numbers and accounts.
	codeUnauthorized       = 20003
	codeNotFound           = 20404 // no such resource, for example no such account
	codeRegionOff          = 21408 // the account may not send to this country
	codeBadSender          = 21606
	codeForeignSender      = 21659 // not a number of this account
	codeServiceUnknown     = 21701 // the messaging service doesn't exist
	codeServiceNotOfSender = 21703 // the messaging service has no suitable sender
	codeServiceEmpty       = 21704 // the messaging service has no senders
	codeServiceMalformed   = 21705 // not the id of a messaging service
	codeAccountSuspended   = 30002
	codeTollFreeUnverified = 30032 // a toll-free number that isn't verified
	codeUnregistered       = 30034 // a US number that isn't registered for business messages
	codeChannelNoSender    = 63007 // no such sender on the channel
	codeChannelNoFrom      = 63002 // the channel can't find the From address
	codeBusinessManager    = 63020 // an error of the account in Meta's Business Manager
	codeSandboxNotJoined   = 63015
	codeDailyLimit         = 63038
	codeWhatsAppLocked     = 63051
)
