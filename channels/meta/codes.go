package meta

// Error codes of the Graph API and of WhatsApp's Cloud API, in responses to requests and in the statuses of messages.
// number_verdicts.go and page_errors.go say what they mean for a message.
// Source: Cloud API, "Error codes", read in November 2026.
const (
	// General codes of the Graph API.
	codeAuthFailed      = 0 // the token is rejected
	codeService         = 2
	codeCapability      = 3 // the app lacks a capability
	codeTooManyCalls    = 4 // of the app
	codePermission      = 10
	codeNumberDeleted   = 33
	codeBadSignature    = 104
	codeTokenEnded      = 190
	codeBlocked         = 368 // the account, for violating the rules
	codeFirstPermission = 200 // 200 to 299: the token lacks a permission
	codeLastPermission  = 299

	// Rate limits.
	codeUserRate     = 17  // calls with the token of one user
	codePageRate     = 32  // calls for one object
	codeCustomRate   = 613 // calls of one kind
	codeAccountRate  = 80007
	codeBusinessRate = 80008 // calls that manage the business account
	codeManagingRate = 80012 // likewise
	codeNumberRate   = 130429
	codeSpamRate     = 131048
	codePairRate     = 131056 // too many messages to one customer
	codeRestricted   = 131064
	codeRegisterRate = 133016

	// Internal problems of WhatsApp.
	codeSomethingWrong = 131000
	codeUnavailable    = 131016
	codeMaintenance    = 131057
	codeGeneric        = 135000

	// Problems with the recipient.
	codeToOneself        = 131021 // sender and recipient are the same
	codeUndeliverable    = 131026
	codeNotOnTestList    = 131030 // a test number may only write to numbers on its list
	codeWindowClosed     = 131047 // the reply window
	codeMarketingStopped = 131050 // the customer wants no advertising
	codeNumberHidden     = 131062 // a template needs the phone number, which WhatsApp hides
	codeIdentityChanged  = 137000 // the request has an outdated identity key of the customer

	// Problems with the content.
	codeExperiment       = 130472 // advertising isn't delivered because of an experiment of Meta's
	codeMissingParameter = 131008
	codeInvalidValue     = 131009
	codeNotDelivered     = 131049 // advertising isn't delivered, to limit its frequency
	codeUnknownType      = 131051
	codeMediaUnreadable  = 131052
	codeMediaRefused     = 131053 // a file's content doesn't match its type

	// Problems with a template.
	codeTemplateCount    = 132000 // wrong number of parameters
	codeTemplateUnknown  = 132001
	codeTemplateTooLong  = 132005
	codeTemplateRules    = 132007 // a parameter violates WhatsApp's rules
	codeTemplateForm     = 132008
	codeTemplateFormat   = 132012 // a parameter is malformed
	codeTemplatePaused   = 132015
	codeTemplateDisabled = 132016
	codeMarketingOff     = 131063 // the business account's setting disable_marketing_messages_on_cloud_api

	// Problems with the account.
	codeCountryBlocked  = 130497 // the account may not write to this country
	codeAccessDenied    = 131005
	codeLocked          = 131031 // the account, for violating the rules
	codeNameNotApproved = 131037
	codePayment         = 131042
	codeBadCertificate  = 131045
	codeNotRegistered   = 133010
)
