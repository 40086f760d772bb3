// Package graph reads with Microsoft Graph what the Bot Connector doesn't tell: the messages
// of channels with their replies, pasted pictures, and files in SharePoint.
//
// None of this is granted by itself. Messages need ChannelMessage.Read.Group, to which a team's owner
// consents when the app is installed in the team; files need Files.Read.All or Sites.Selected from
// the tenant's administrator. Calls without the right end in ErrNotGranted.
//
// What does not belong here: what a message means (bot/teams).
//
// Source: learn.microsoft.com/graph/api: channel-list-messages, chatmessage-list-replies,
// chatmessage-get, chatmessagehostedcontent-get, channel-list, shares-get,
// driveitem-get-content, channel-get-filesfolder, drive-get, read 2026-11. The last two name
// Files.Read.All, and not Sites.Selected; newer editions of drive-get name no right of apps.
package graph
