// Package graph is a client for Microsoft Graph. It reads what the Bot Connector (Teams' API for bots) doesn't show: the
// messages of channels with their replies, pasted pictures, and files in SharePoint.
//
// Each request needs a permission. Messages need ChannelMessage.Read.Group, which a team's owner grants by installing the
// app in the team. Files need Files.Read.All or Sites.Selected from the tenant's administrator. Requests without the
// permission fail with ErrNotGranted.
//
// What does not belong here: what a message means (bot/teams).
//
// Source: learn.microsoft.com/graph/api: channel-list-messages, chatmessage-list-replies,
// chatmessage-get, chatmessagehostedcontent-get, channel-list, shares-get,
// driveitem-get-content, channel-get-filesfolder, drive-get, read 2026-11. The last two list
// Files.Read.All but not Sites.Selected. Newer editions of drive-get list no permission of apps.
package graph
