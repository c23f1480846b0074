"""Who somebody is: passwords, sessions, invitations, groups and single sign-on. Nothing here knows a request."""
