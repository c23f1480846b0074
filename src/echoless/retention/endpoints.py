"""Every endpoint of the wire protocol with its retention class, as data.

A path that is not here does not exist. A new route without a row fails the build, so none can be served
without somebody having decided what zero retention means for it.
source: the wire contract, one row per endpoint; rows marked as ours are Echoless's own additions.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class EndpointClass(StrEnum):
    """What `enable_logging=false` means for an endpoint."""

    HONOURED = "Z"
    """Served in the volatile plane and nothing is kept."""
    AGENT_CONFIGURATION = "A"
    """The switch of agents is a field of theirs; the query parameter is refused."""
    CONVERSATION_START = "S"
    """Inherits the mode of its agent."""
    KEPT_THINGS = "H"
    """Shows or deletes what is kept; the parameter is ignored on reads and deletions."""
    CONVERSATION_MINING = "X"
    """Would store or mine conversations."""
    FILTERED_LIST = "L"
    """A list, filtered to what zero retention allows."""
    PROTOCOL_SERVER = "P"
    """Would give a tool server to an agent."""
    NUMBERS = "M"
    """Numbers only."""
    STORES = "R"
    """Creates or stores content: refused before the body is read."""
    CONFIGURATION = "G"
    """Administration or plain reading, no content of requests."""


class Product(StrEnum):
    """Products, as the eligibility table names them."""

    TEXT_TO_SPEECH = "text_to_speech"
    TEXT_TO_DIALOGUE = "text_to_dialogue"
    VOICE_CHANGER = "voice_changer"
    SPEECH_TO_TEXT = "speech_to_text"
    WORKSPACE = "workspace"
    HISTORY = "history"
    PRONUNCIATION = "pronunciation"
    VOICES = "voices"
    VOICE_DESIGN = "voice_design"
    ACCOUNT = "account"
    AGENTS = "agents"
    MUSIC = "music"
    AUDIO_TOOLS = "audio_tools"
    DUBBING = "dubbing"
    STUDIO = "studio"
    AUDIO_NATIVE = "audio_native"
    IMAGE_AND_VIDEO = "image_and_video"
    PRODUCTIONS = "productions"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method and path template; `WS` stands for a WebSocket upgrade."""

    method: str
    template: str
    product: Product
    retention_class: EndpointClass

    @property
    def name(self) -> str:
        """The method and the template, as journals and request logs show it."""
        return f"{self.method} {self.template}"

    @property
    def is_eligible(self) -> bool:
        """Whether zero retention can be had here."""
        return self.retention_class is EndpointClass.HONOURED

    @property
    def is_generation(self) -> bool:
        """Whether what is said or made passes through, so that a mode must be decided and stated."""
        return self.retention_class in {EndpointClass.HONOURED, EndpointClass.STORES}


# class, then method, then template, one endpoint a line. Those of `/v1/audio` are ours: another API's names for the
# same two products, with the same switch.
_TABLE: Final = {
    Product.TEXT_TO_SPEECH: """
        Z POST /v1/text-to-speech/{voice}
        Z POST /v1/text-to-speech/{voice}/stream
        Z POST /v1/text-to-speech/{voice}/stream/with-timestamps
        Z POST /v1/text-to-speech/{voice}/with-timestamps
        Z WS /v1/text-to-speech/{voice}/stream-input
        Z WS /v1/text-to-speech/{voice}/multi-stream-input
        Z POST /v1/audio/speech
    """,
    Product.TEXT_TO_DIALOGUE: """
        Z POST /v1/text-to-dialogue
        Z POST /v1/text-to-dialogue/stream
        Z POST /v1/text-to-dialogue/stream/with-timestamps
        Z POST /v1/text-to-dialogue/with-timestamps
        Z WS /v1/text-to-dialogue/stream-input
        Z WS /v1/text-to-dialogue/multi-stream-input
    """,
    Product.VOICE_CHANGER: """
        Z POST /v1/speech-to-speech/{voice}
        Z POST /v1/speech-to-speech/{voice}/stream
        Z POST /v1/voice-changer/{voice}
        Z POST /v1/voice-changer/{voice}/stream
    """,
    Product.SPEECH_TO_TEXT: """
        Z POST /v1/speech-to-text
        H DELETE /v1/speech-to-text/transcripts/{tr}
        H GET /v1/speech-to-text/transcripts/{tr}
        H GET /v1/speech-to-text/transcripts/{tr}/input-audio
        Z WS /v1/speech-to-text/realtime
        Z POST /v1/audio/transcriptions
    """,
    Product.WORKSPACE: """
        G POST /v1/single-use-token/{token_type}
        G GET /v1/service-accounts
        G POST /v1/service-accounts
        G GET /v1/service-accounts/{sa}/api-keys
        G POST /v1/service-accounts/{sa}/api-keys
        G DELETE /v1/service-accounts/{sa}/api-keys/{key}
        G PATCH /v1/service-accounts/{sa}/api-keys/{key}
        G POST /v1/service-accounts/{sa}/api-keys/{key}/disable
        G GET /v1/service-accounts/{sa}/api-keys/{key}/zero-retention
        M POST /v1/workspace/analytics/query/usage-by-product-over-time
        M POST /v1/workspace/analytics/requests
        M POST /v1/workspace/analytics/usage
        M GET /v1/workspace/audit-logs
        G GET /v1/workspace/auth-connections
        G POST /v1/workspace/auth-connections
        G DELETE /v1/workspace/auth-connections/{conn}
        G PATCH /v1/workspace/auth-connections/{conn}
        G GET /v1/workspace/groups
        G POST /v1/workspace/groups
        G DELETE /v1/workspace/groups/{group}
        G GET /v1/workspace/groups/search
        G POST /v1/workspace/groups/{group}/members
        G POST /v1/workspace/groups/{group}/members/remove
        G DELETE /v1/workspace/invites
        G POST /v1/workspace/invites/add
        G POST /v1/workspace/invites/add-bulk
        G DELETE /v1/workspace/members
        G GET /v1/workspace/members
        G POST /v1/workspace/members
        G PUT /v1/workspace/members/{user}/usage-limit
        G POST /v1/workspace/login
        G POST /v1/workspace/logout
        G GET /v1/workspace/sessions
        G DELETE /v1/workspace/sessions
        G DELETE /v1/workspace/sessions/{session}
        G POST /v1/workspace/password
        G POST /v1/workspace/password/request
        G POST /v1/workspace/password/reset
        G POST /v1/workspace/invites/accept
        G GET /v1/workspace/sign-on
        G PUT /v1/workspace/sign-on
        G DELETE /v1/workspace/sign-on
        G POST /v1/workspace/sign-on/start
        G GET /v1/workspace/sign-on/callback
        G DELETE /v1/workspace
        G GET /v1/workspace/deletion
        G DELETE /v1/workspace/deletion
        G POST /v1/workspace/deletion/confirm
        G GET /v1/deletion-certificates/keys
        G GET /v1/deletion-certificates/{certificate}
        G GET /v1/workspace/resources/{res}
        G POST /v1/workspace/resources/{res}/share
        G POST /v1/workspace/resources/{res}/unshare
        G GET /v1/workspace/webhooks
        G POST /v1/workspace/webhooks
        G DELETE /v1/workspace/webhooks/{hook}
        G PATCH /v1/workspace/webhooks/{hook}
        G POST /v1/workspaces/api-keys/disable
        G POST /v1/workspaces/api-keys/third-party-disabling
        G GET /v1/workspace/zero-retention
        G PATCH /v1/workspace/zero-retention
        G GET /v1/workspace/zero-retention/receipts/{request}
        G GET /v1/workspace/zero-retention/changes
        G GET /v1/workspace/zero-retention/request
        G GET /v1/workspace/retention
        G GET /v1/workspace/notices
        G GET /v1/workspace/moderation
        G GET /v1/workspace/logs
        G PATCH /v1/workspace/logs
    """,
    Product.HISTORY: """
        H GET /v1/history
        H POST /v1/history/deletions
        H GET /v1/history/deletions/{job}
        H POST /v1/history/download
        H DELETE /v1/history/{item}
        H GET /v1/history/{item}
        H GET /v1/history/{item}/audio
        H GET /v1/history/{item}/input-audio
    """,
    Product.PRONUNCIATION: """
        G GET /v1/pronunciation-dictionaries
        R POST /v1/pronunciation-dictionaries/add-from-file
        R POST /v1/pronunciation-dictionaries/add-from-rules
        G GET /v1/pronunciation-dictionaries/{dict}/{ver}/download
        G GET /v1/pronunciation-dictionaries/{dict}
        R PATCH /v1/pronunciation-dictionaries/{dict}
        R POST /v1/pronunciation-dictionaries/{dict}/add-rules
        R POST /v1/pronunciation-dictionaries/{dict}/remove-rules
        R POST /v1/pronunciation-dictionaries/{dict}/set-rules
    """,
    Product.VOICES: """
        G GET /v1/shared-voices
        R POST /v1/similar-voices
        G GET /v1/voices
        G GET /v1/voices/accents
        R POST /v1/voices/add
        G POST /v1/voices/add/{owner}/{voice}
        G GET /v1/voices/collections
        G POST /v1/voices/collections
        G DELETE /v1/voices/collections/{coll}
        G GET /v1/voices/collections/{coll}
        G PATCH /v1/voices/collections/{coll}
        G DELETE /v1/voices/collections/{coll}/voice/{voice}
        G POST /v1/voices/collections/{coll}/voice/{voice}
        R POST /v1/voices/pvc
        R POST /v1/voices/pvc/{voice}
        G GET /v1/voices/pvc/{voice}/captcha
        R POST /v1/voices/pvc/{voice}/captcha
        R POST /v1/voices/pvc/{voice}/samples
        G DELETE /v1/voices/pvc/{voice}/samples/{sample}
        R POST /v1/voices/pvc/{voice}/samples/{sample}
        G GET /v1/voices/pvc/{voice}/samples/{sample}/audio
        R POST /v1/voices/pvc/{voice}/samples/{sample}/separate-speakers
        G GET /v1/voices/pvc/{voice}/samples/{sample}/speakers
        G GET /v1/voices/pvc/{voice}/samples/{sample}/speakers/{spk}/audio
        G GET /v1/voices/pvc/{voice}/samples/{sample}/waveform
        R POST /v1/voices/pvc/{voice}/train
        R POST /v1/voices/pvc/{voice}/verification
        G GET /v1/voices/settings/default
        G DELETE /v1/voices/{voice}
        G GET /v1/voices/{voice}
        R POST /v1/voices/{voice}/edit
        G POST /v1/voices/{voice}/replicate-to-isolated-environment
        G DELETE /v1/voices/{voice}/samples/{sample}
        G GET /v1/voices/{voice}/samples/{sample}/audio
        G GET /v1/voices/{voice}/preview
        G GET /v1/voices/{voice}/settings
        G POST /v1/voices/{voice}/settings/edit
        G GET /v2/voices
    """,
    Product.VOICE_DESIGN: """
        R POST /v1/text-to-voice
        R POST /v1/text-to-voice/create-previews
        R POST /v1/text-to-voice/design
        G GET /v1/text-to-voice/{gvoice}/stream
        R POST /v1/text-to-voice/{voice}/remix
        R POST /v1/voice-generation/create-voice
        R POST /v1/voice-generation/generate-voice
        G GET /v1/voice-generation/generate-voice/parameters
    """,
    Product.ACCOUNT: """
        G GET /v1/models
        M GET /v1/usage/character-stats
        G GET /v1/user
        G GET /v1/user/subscription
    """,
    Product.AGENTS: """
        G GET /v1/convai/agent/{agent}/knowledge-base/size
        G POST /v1/convai/agent/{agent}/llm-usage/calculate
        G GET /v1/convai/agents
        A POST /v1/convai/agents/create
        G GET /v1/convai/agents/summaries
        G DELETE /v1/convai/agents/{agent}
        G GET /v1/convai/agents/{agent}
        A PATCH /v1/convai/agents/{agent}
        G POST /v1/convai/agents/{agent}/avatar
        G GET /v1/convai/agents/{agent}/branches
        A POST /v1/convai/agents/{agent}/branches
        G GET /v1/convai/agents/{agent}/branches/{branch}
        A PATCH /v1/convai/agents/{agent}/branches/{branch}
        G GET /v1/convai/agents/{agent}/branches/{branch}/procedures
        G POST /v1/convai/agents/{agent}/branches/{branch}/procedures
        G POST /v1/convai/agents/{agent}/branches/{branch}/procedures/compile
        G DELETE /v1/convai/agents/{agent}/branches/{branch}/procedures/{proc}
        G GET /v1/convai/agents/{agent}/branches/{branch}/procedures/{proc}
        G DELETE /v1/convai/agents/{agent}/branches/{branch}/procedures/{proc}/draft
        G GET /v1/convai/agents/{agent}/branches/{branch}/procedures/{proc}/draft
        A PATCH /v1/convai/agents/{agent}/branches/{branch}/procedures/{proc}/draft
        A POST /v1/convai/agents/{agent}/branches/{branch}/rebase
        G GET /v1/convai/agents/{agent}/branches/{branch}/rebase-preview
        A POST /v1/convai/agents/{agent}/branches/{branch}/merge
        G GET /v1/convai/agents/{agent}/branches/{branch}/merge-preview
        G GET /v1/convai/agents/{agent}/deployments
        A POST /v1/convai/agents/{agent}/deployments
        G DELETE /v1/convai/agents/{agent}/drafts
        A POST /v1/convai/agents/{agent}/drafts
        A POST /v1/convai/agents/{agent}/duplicate
        G DELETE /v1/convai/agents/{agent}/hold-audio
        G POST /v1/convai/agents/{agent}/hold-audio
        G GET /v1/convai/agents/{agent}/link
        G GET /v1/convai/agents/{agent}/merge-proposals
        G POST /v1/convai/agents/{agent}/merge-proposals
        G GET /v1/convai/agents/{agent}/merge-proposals/{prop}
        G PATCH /v1/convai/agents/{agent}/merge-proposals/{prop}
        G POST /v1/convai/agents/{agent}/merge-proposals/{prop}/comments
        A POST /v1/convai/agents/{agent}/merge-proposals/{prop}/merge
        G POST /v1/convai/agents/{agent}/merge-proposals/{prop}/reviews
        X POST /v1/convai/agents/{agent}/run-tests
        X POST /v1/convai/agents/{agent}/simulate-conversation
        X POST /v1/convai/agents/{agent}/simulate-conversation/stream
        X GET /v1/convai/agents/{agent}/topics
        X GET /v1/convai/agents/{agent}/triage-tickets
        X POST /v1/convai/agents/{agent}/triage-tickets
        X GET /v1/convai/agents/{agent}/triage-tickets/assignable-users
        G GET /v1/convai/agents/{agent}/versions/{ver}
        G GET /v1/convai/agents/{agent}/widget
        G GET /v1/convai/analysis-items
        G POST /v1/convai/analysis-items
        G DELETE /v1/convai/analysis-items/{item}
        G GET /v1/convai/analysis-items/{item}
        G PATCH /v1/convai/analysis-items/{item}
        G PATCH /v1/convai/analysis-items/{item}/attachments
        G POST /v1/convai/analysis-items/{item}/copy
        G GET /v1/convai/analysis-items/{item}/dependent-agents
        G GET /v1/convai/analysis-items/{item}/versions
        G GET /v1/speech-engine
        A POST /v1/speech-engine
        G DELETE /v1/speech-engine/{seng}
        G GET /v1/speech-engine/{seng}
        A PATCH /v1/speech-engine/{seng}
        G GET /v1/convai/analytics/live-count
        S GET /v1/convai/conversation/get-signed-url
        S GET /v1/convai/conversation/get_signed_url
        S GET /v1/convai/conversation/token
        H GET /v1/convai/conversations
        X GET /v1/convai/conversations/messages/smart-search
        X GET /v1/convai/conversations/messages/text-search
        X GET /v1/convai/conversations/resolve
        H DELETE /v1/convai/conversations/{conv}
        H GET /v1/convai/conversations/{conv}
        X POST /v1/convai/conversations/{conv}/analysis/evaluations/run
        X POST /v1/convai/conversations/{conv}/analysis/run
        H GET /v1/convai/conversations/{conv}/audio
        H POST /v1/convai/conversations/{conv}/feedback
        X POST /v1/convai/conversations/{conv}/files
        X DELETE /v1/convai/conversations/{conv}/files/{file}
        X GET /v1/convai/conversations/{conv}/files/{file}
        H GET /v1/convai/conversations/{conv}/sip-messages
        H GET /v1/convai/conversations/{conv}/summary
        G POST /v1/convai/conversations/{conv}/tags
        G DELETE /v1/convai/conversations/{conv}/tags/{tag}
        G GET /v1/convai/tags
        G POST /v1/convai/tags
        G DELETE /v1/convai/tags/{tag}
        G GET /v1/convai/tags/{tag}
        G PATCH /v1/convai/tags/{tag}
        X GET /v1/convai/triage-tickets
        X POST /v1/convai/triage-tickets
        X DELETE /v1/convai/triage-tickets/{ticket}
        X GET /v1/convai/triage-tickets/{ticket}
        X PATCH /v1/convai/triage-tickets/{ticket}
        X POST /v1/convai/triage-tickets/{ticket}/comments
        X POST /v1/convai/triage-tickets/{ticket}/merge
        X POST /v1/convai/triage-tickets/{ticket}/turn-comments
        H GET /v1/convai/users
        S WS /v1/convai/conversation
        G GET /v1/convai/agent-testing
        G POST /v1/convai/agent-testing/bulk-move
        X POST /v1/convai/agent-testing/create
        G POST /v1/convai/agent-testing/folders
        G DELETE /v1/convai/agent-testing/folders/{folder}
        G GET /v1/convai/agent-testing/folders/{folder}
        G PATCH /v1/convai/agent-testing/folders/{folder}
        G POST /v1/convai/agent-testing/summaries
        G DELETE /v1/convai/agent-testing/{test}
        G GET /v1/convai/agent-testing/{test}
        G PUT /v1/convai/agent-testing/{test}
        G GET /v1/convai/test-invocations
        G GET /v1/convai/test-invocations/{inv}
        G PATCH /v1/convai/test-invocations/{inv}
        G POST /v1/convai/test-invocations/{inv}/cancel
        X POST /v1/convai/test-invocations/{inv}/resubmit
        G GET /v1/convai/knowledge-base
        R POST /v1/convai/knowledge-base
        R POST /v1/convai/knowledge-base/bulk-delete
        R POST /v1/convai/knowledge-base/bulk-move
        G GET /v1/convai/knowledge-base/crawl
        R POST /v1/convai/knowledge-base/crawl
        G GET /v1/convai/knowledge-base/crawl/{job}
        R POST /v1/convai/knowledge-base/crawl/{job}/cancel
        R POST /v1/convai/knowledge-base/dependent-agents
        R POST /v1/convai/knowledge-base/file
        R POST /v1/convai/knowledge-base/folder
        G GET /v1/convai/knowledge-base/rag-index
        R POST /v1/convai/knowledge-base/rag-index
        G GET /v1/convai/knowledge-base/search
        G GET /v1/convai/knowledge-base/summaries
        R POST /v1/convai/knowledge-base/text
        R POST /v1/convai/knowledge-base/url
        R POST /v1/convai/knowledge-base/{doc}/move
        G DELETE /v1/convai/knowledge-base/{doc}
        G GET /v1/convai/knowledge-base/{doc}
        R PATCH /v1/convai/knowledge-base/{doc}
        G GET /v1/convai/knowledge-base/{doc}/chunk/{chunk}
        G GET /v1/convai/knowledge-base/{doc}/chunks
        G GET /v1/convai/knowledge-base/{doc}/content
        G GET /v1/convai/knowledge-base/{doc}/dependent-agents
        G GET /v1/convai/knowledge-base/{doc}/rag-index
        R POST /v1/convai/knowledge-base/{doc}/rag-index
        G DELETE /v1/convai/knowledge-base/{doc}/rag-index/{idx}
        R POST /v1/convai/knowledge-base/{doc}/refresh
        G GET /v1/convai/knowledge-base/{doc}/source-file-url
        R PATCH /v1/convai/knowledge-base/{doc}/update-file
        G GET /v1/convai/environment-variables
        G POST /v1/convai/environment-variables
        G DELETE /v1/convai/environment-variables/{var}
        G GET /v1/convai/environment-variables/{var}
        G PATCH /v1/convai/environment-variables/{var}
        G GET /v1/convai/environments
        G POST /v1/convai/environments
        G DELETE /v1/convai/environments/{environment}
        G POST /v1/convai/llm-usage/calculate
        L GET /v1/convai/llm/list
        G GET /v1/convai/mcp-servers
        P POST /v1/convai/mcp-servers
        G DELETE /v1/convai/mcp-servers/{mcp}
        G GET /v1/convai/mcp-servers/{mcp}
        P PATCH /v1/convai/mcp-servers/{mcp}
        P PATCH /v1/convai/mcp-servers/{mcp}/approval-policy
        P POST /v1/convai/mcp-servers/{mcp}/tool-approvals
        G DELETE /v1/convai/mcp-servers/{mcp}/tool-approvals/{name}
        P POST /v1/convai/mcp-servers/{mcp}/tool-configs
        G DELETE /v1/convai/mcp-servers/{mcp}/tool-configs/{name}
        G GET /v1/convai/mcp-servers/{mcp}/tool-configs/{name}
        P PATCH /v1/convai/mcp-servers/{mcp}/tool-configs/{name}
        G GET /v1/convai/mcp-servers/{mcp}/tools
        G GET /v1/convai/secrets
        G POST /v1/convai/secrets
        G DELETE /v1/convai/secrets/{secret}
        G GET /v1/convai/secrets/{secret}
        G PATCH /v1/convai/secrets/{secret}
        G GET /v1/convai/secrets/{secret}/dependencies/{type}
        G GET /v1/convai/settings
        P PATCH /v1/convai/settings
        G GET /v1/convai/settings/dashboard
        G PATCH /v1/convai/settings/dashboard
        G GET /v1/convai/tools
        G POST /v1/convai/tools
        G DELETE /v1/convai/tools/{tool}
        G GET /v1/convai/tools/{tool}
        G PATCH /v1/convai/tools/{tool}
        G GET /v1/convai/tools/{tool}/dependent-agents
        H GET /v1/convai/tools/{tool}/executions
        S POST /v1/convai/batch-calling/submit
        G GET /v1/convai/batch-calling/workspace
        G DELETE /v1/convai/batch-calling/{batch}
        G GET /v1/convai/batch-calling/{batch}
        G POST /v1/convai/batch-calling/{batch}/cancel
        G GET /v1/convai/batch-calling/{batch}/export
        G POST /v1/convai/batch-calling/{batch}/retry
        S POST /v1/convai/exotel/outbound-call
        G GET /v1/convai/outbound-campaigns/attention
        G POST /v1/convai/outbound-campaigns/attention/{att}/resolve
        G POST /v1/convai/outbound-campaigns/attention/{att}/retry
        G GET /v1/convai/outbound-campaigns/campaigns
        G POST /v1/convai/outbound-campaigns/campaigns/pause-all
        G POST /v1/convai/outbound-campaigns/campaigns/stop-all
        S POST /v1/convai/outbound-campaigns/campaigns/submit
        G GET /v1/convai/outbound-campaigns/campaigns/{camp}
        G GET /v1/convai/outbound-campaigns/campaigns/{camp}/calls
        G GET /v1/convai/outbound-campaigns/campaigns/{camp}/export
        G GET /v1/convai/outbound-campaigns/campaigns/{camp}/follow-up-requests
        G GET /v1/convai/outbound-campaigns/campaigns/{camp}/leads
        G DELETE /v1/convai/outbound-campaigns/campaigns/{camp}/leads/{lead}
        G GET /v1/convai/outbound-campaigns/campaigns/{camp}/leads/{lead}
        G POST /v1/convai/outbound-campaigns/campaigns/{camp}/pause
        G GET /v1/convai/outbound-campaigns/campaigns/{camp}/progress
        G POST /v1/convai/outbound-campaigns/campaigns/{camp}/resume
        G POST /v1/convai/outbound-campaigns/campaigns/{camp}/stop
        G GET /v1/convai/outbound-campaigns/config
        G PUT /v1/convai/outbound-campaigns/config
        G GET /v1/convai/phone-numbers
        G POST /v1/convai/phone-numbers
        G DELETE /v1/convai/phone-numbers/{phone}
        G GET /v1/convai/phone-numbers/{phone}
        G PATCH /v1/convai/phone-numbers/{phone}
        G GET /v1/convai/phone-numbers/{phone}/sip-messages
        S POST /v1/convai/realtime/client_secrets
        G GET /v1/convai/realtime/conversation-groups
        G POST /v1/convai/realtime/conversation-groups
        G DELETE /v1/convai/realtime/conversation-groups/{group}
        G GET /v1/convai/realtime/conversation-groups/{group}
        G PATCH /v1/convai/realtime/conversation-groups/{group}
        G DELETE /v1/convai/realtime/conversations/{conv}/conversation-group
        G PUT /v1/convai/realtime/conversations/{conv}/conversation-group
        S POST /v1/convai/sip-trunk/outbound-call
        S POST /v1/convai/twilio/outbound-call
        S POST /v1/convai/twilio/register-call
        G GET /v1/convai/v2/phone-numbers
        G GET /v1/convai/whatsapp-accounts
        G DELETE /v1/convai/whatsapp-accounts/{phone}
        G GET /v1/convai/whatsapp-accounts/{phone}
        G PATCH /v1/convai/whatsapp-accounts/{phone}
        S POST /v1/convai/whatsapp/outbound-call
        S POST /v1/convai/whatsapp/outbound-message
    """,
    Product.MUSIC: """
        R POST /v1/music
        R POST /v1/music/detailed
        R POST /v1/music/detailed/stream
        G GET /v1/music/finetunes
        R POST /v1/music/finetunes
        G DELETE /v1/music/finetunes/{ft}
        G GET /v1/music/finetunes/{ft}
        R PATCH /v1/music/finetunes/{ft}
        R POST /v1/music/plan
        R POST /v1/music/stem-separation
        R POST /v1/music/stream
        R POST /v1/music/upload
        R POST /v1/music/video-to-music
    """,
    Product.AUDIO_TOOLS: """
        G GET /v1/audio-effects/catalog
        R POST /v1/audio-isolation
        G GET /v1/audio-isolation/history
        G DELETE /v1/audio-isolation/history/{item}
        R POST /v1/audio-isolation/stream
        R POST /v1/forced-alignment
        R POST /v1/sound-generation
    """,
    Product.DUBBING: """
        G GET /v1/dubbing
        R POST /v1/dubbing
        G GET /v1/dubbing/project
        R POST /v1/dubbing/project
        G DELETE /v1/dubbing/project/{proj}
        G GET /v1/dubbing/project/{proj}
        G GET /v1/dubbing/project/{proj}/language
        R POST /v1/dubbing/project/{proj}/language
        G DELETE /v1/dubbing/project/{proj}/language/{lang}
        G GET /v1/dubbing/project/{proj}/language/{lang}
        G GET /v1/dubbing/project/{proj}/language/{lang}/transcript
        R POST /v1/dubbing/project/{proj}/language/{lang}/transcript/regenerate
        R PATCH /v1/dubbing/project/{proj}/language/{lang}/transcript/segment/{seg}
        R PATCH /v1/dubbing/project/{proj}/language/{lang}/transcript/segments
        G GET /v1/dubbing/project/{proj}/transcript
        R POST /v1/dubbing/project/{proj}/transcript/segment
        G DELETE /v1/dubbing/project/{proj}/transcript/segment/{seg}
        R PATCH /v1/dubbing/project/{proj}/transcript/segment/{seg}
        R PATCH /v1/dubbing/project/{proj}/transcript/segments
        G GET /v1/dubbing/resource/{dub}
        R POST /v1/dubbing/resource/{dub}/dub
        R POST /v1/dubbing/resource/{dub}/language
        R POST /v1/dubbing/resource/{dub}/migrate-segments
        R POST /v1/dubbing/resource/{dub}/render/{language}
        G DELETE /v1/dubbing/resource/{dub}/segment/{seg}
        R PATCH /v1/dubbing/resource/{dub}/segment/{seg}/{language}
        R POST /v1/dubbing/resource/{dub}/speaker
        R PATCH /v1/dubbing/resource/{dub}/speaker/{spk}
        R POST /v1/dubbing/resource/{dub}/speaker/{spk}/segment
        G GET /v1/dubbing/resource/{dub}/speaker/{spk}/similar-voices
        R POST /v1/dubbing/resource/{dub}/transcribe
        R POST /v1/dubbing/resource/{dub}/translate
        G DELETE /v1/dubbing/{dub}
        G GET /v1/dubbing/{dub}
        G GET /v1/dubbing/{dub}/audio/{lang}
        G GET /v1/dubbing/{dub}/transcript/{lang}
        G GET /v1/dubbing/{dub}/transcripts/{lang}/format/{format_type}
    """,
    Product.STUDIO: """
        R POST /v1/studio/podcasts
        G GET /v1/studio/projects
        R POST /v1/studio/projects
        G DELETE /v1/studio/projects/{proj}
        G GET /v1/studio/projects/{proj}
        R POST /v1/studio/projects/{proj}
        G GET /v1/studio/projects/{proj}/chapters
        R POST /v1/studio/projects/{proj}/chapters
        G DELETE /v1/studio/projects/{proj}/chapters/{chap}
        G GET /v1/studio/projects/{proj}/chapters/{chap}
        R POST /v1/studio/projects/{proj}/chapters/{chap}
        R POST /v1/studio/projects/{proj}/chapters/{chap}/convert
        G GET /v1/studio/projects/{proj}/chapters/{chap}/snapshots
        G GET /v1/studio/projects/{proj}/chapters/{chap}/snapshots/{snap}
        R POST /v1/studio/projects/{proj}/chapters/{chap}/snapshots/{snap}/stream
        R POST /v1/studio/projects/{proj}/content
        R POST /v1/studio/projects/{proj}/convert
        G GET /v1/studio/projects/{proj}/muted-tracks
        R POST /v1/studio/projects/{proj}/pronunciation-dictionaries
        G GET /v1/studio/projects/{proj}/snapshots
        G GET /v1/studio/projects/{proj}/snapshots/{snap}
        R POST /v1/studio/projects/{proj}/snapshots/{snap}/archive
        R POST /v1/studio/projects/{proj}/snapshots/{snap}/stream
    """,
    Product.AUDIO_NATIVE: """
        R POST /v1/audio-native
        R POST /v1/audio-native/content
        R POST /v1/audio-native/{proj}/content
        G GET /v1/audio-native/{proj}/settings
    """,
    Product.IMAGE_AND_VIDEO: """
        G GET /v1/assets
        R POST /v1/assets
        G DELETE /v1/assets/{asset}
        G GET /v1/assets/{asset}
        G GET /v1/flows/image
        R POST /v1/flows/image
        G GET /v1/flows/image/{gen}
        G GET /v1/flows/templates
        G GET /v1/flows/templates/{tmpl}
        G GET /v1/flows/templates/{tmpl}/runs
        R POST /v1/flows/templates/{tmpl}/runs
        G GET /v1/flows/templates/{tmpl}/runs/{run_id}
        G GET /v1/flows/text-to-speech
        R POST /v1/flows/text-to-speech
        G GET /v1/flows/text-to-speech/{gen}
        G GET /v1/flows/video
        R POST /v1/flows/video
        G GET /v1/flows/video/{gen}
    """,
    Product.PRODUCTIONS: """
        G GET /v1/productions/orders
        R POST /v1/productions/orders
        G GET /v1/productions/orders/languages/{order_item_kind}
        G GET /v1/productions/orders/{order}
        R PATCH /v1/productions/orders/{order}
        G GET /v1/productions/orders/{order}/deliverables
        R POST /v1/productions/orders/{order}/items
        G DELETE /v1/productions/orders/{order}/items/{item}
        R POST /v1/productions/orders/{order}/media
        G GET /v1/productions/orders/{order}/media/{media}
        R POST /v1/productions/orders/{order}/submit
    """,
    # Ours, and public.
    Product.SERVICE: """
        G GET /health
        G GET /ready
        G GET /metrics
        G GET /v1/transparency-log/checkpoint
        G GET /v1/transparency-log/keys
        G GET /v1/transparency-log/proofs/inclusion
        G GET /v1/transparency-log/proofs/consistency
        G GET /v1/transparency-log/tile/{part1}/{part2}
        G GET /v1/transparency-log/tile/{part1}/{part2}/{part3}
        G GET /v1/transparency-log/tile/{part1}/{part2}/{part3}/{part4}
        G GET /v1/transparency-log/tile/{part1}/{part2}/{part3}/{part4}/{part5}
        G GET /v1/transparency-log/tile/{part1}/{part2}/{part3}/{part4}/{part5}/{part6}
        G GET /docs
        G GET /openapi.json
    """,
}


def _rows() -> list[Endpoint]:
    rows = []
    for product, block in _TABLE.items():
        for line in block.strip().splitlines():
            retention_class, method, template = line.split()
            rows.append(Endpoint(method, template, product, EndpointClass(retention_class)))
    return rows


ENDPOINTS: Final[tuple[Endpoint, ...]] = tuple(_rows())
ENDPOINT_BY_NAME: Final = MappingProxyType({endpoint.name: endpoint for endpoint in ENDPOINTS})
