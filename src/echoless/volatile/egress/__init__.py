"""Every connection that the server makes to the outside: fetches, webhooks and declared remotes."""
