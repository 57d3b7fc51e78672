package wire

// OAuthToken is the answer of POST /v1/oauth/token.
type OAuthToken struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"` // Bearer
	// ExpiresIn is in seconds.
	ExpiresIn int64  `json:"expires_in"`
	Scope     string `json:"scope,omitempty"`
}

// OAuthError is the answer to a token request that is refused, in the shape of
// RFC 6749 section 5.2, with this API's fields beside it.
type OAuthError struct {
	Reason      string `json:"error"`
	Description string `json:"error_description,omitempty"`
	Error
}

// APIKey is a server key. Secret is shown once, by the answer that made it.
type APIKey struct {
	ID        string `json:"id"`
	AppID     string `json:"app_id"`
	Secret    string `json:"app_token,omitempty"`
	Name      string `json:"name,omitempty"`
	Role      string `json:"role"`
	CreatedAt Time   `json:"created_at"`
	RevokedAt Time   `json:"revoked_at,omitzero"`
	ExpiresAt Time   `json:"expires_at,omitzero"`
	Object    string `json:"object"` // api_key
}

// APIKeyCreate is the body of POST /v1/keys.
type APIKeyCreate struct {
	Name string `json:"name,omitempty"`
	Role string `json:"role,omitempty" enum:"ADMIN,USER,VIEWER"`
}
