"""Every setting, typed, from environment variables with the prefix `BOTCORE_`."""

from decimal import Decimal
from functools import cached_property
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, IPvAnyNetwork, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.archival.files import RetrievalTier, StorageClass
from domain.archival.tiers import DOCUMENT_AGES, Ages, DataType
from domain.candles import Timeframe
from domain.timing import MODEL_TIMEOUT_S

Venue = Literal["sandbox", "testnet", "live"]

_OPENAI_URL = "https://api.openai.com/v1"
_OPENAI_MODEL = "gpt-4.1-mini"
_SANDBOX_MODEL = "sandbox-rule-1"
# A page that opens a WebSocket of this scheme on its own host came by that one.
_PAGE_SCHEMES = {"ws": "http", "wss": "https"}


class Settings(BaseSettings):
    """One object that says where everything is. Secrets have no defaults."""

    model_config = SettingsConfigDict(env_prefix="BOTCORE_", extra="ignore", frozen=True)

    # Secrets. `make run` makes its own under .run/; elsewhere they must be given.
    jwt_secret: SecretStr = Field(min_length=32)
    jwt_key_id: str = "1"
    # Keys of earlier key ids (JSON object): still accepted, never used for new tokens.
    jwt_previous_secrets: dict[str, SecretStr] = {}
    # 32 bytes, base64: AES-256-GCM for venue credentials.
    credentials_key: SecretStr
    credentials_key_id: str = "1"
    # Keys of earlier key ids (JSON object): still decrypt, never encrypt.
    credentials_previous_keys: dict[str, SecretStr] = {}

    # The edge.
    api_host: str = "127.0.0.1"
    api_port: int = 8000
    gateway_host: str = "127.0.0.1"
    gateway_port: int = 8001
    # What clients are told by GET /api/config; derived from the gateway's address if empty.
    public_ws_url: str = ""
    allowed_origins: list[str] = []
    # Networks whose X-Forwarded-For is believed, such as ["10.0.0.0/8"].
    trusted_proxies: list[IPvAnyNetwork] = []
    max_body_bytes: int = Field(default=262_144, gt=0)
    # How long a client may take to send a request's headers, and then its body.
    request_timeout_s: float = Field(default=10.0, gt=0)
    # What clients of one gateway process may do; what is more is closed with 4429. Messages
    # may come two seconds' worth at once.
    gateway_channels_per_connection: int = Field(default=100, gt=0)
    gateway_messages_per_s_per_connection: float = Field(default=20.0, gt=0)
    gateway_connections_per_user: int = Field(default=50, gt=0)
    gateway_channels_per_user: int = Field(default=1_000, gt=0)
    gateway_messages_per_s_per_user: float = Field(default=200.0, gt=0)
    gateway_connections_per_address: int = Field(default=2_000, gt=0)
    gateway_channels_per_address: int = Field(default=20_000, gt=0)
    gateway_messages_per_s_per_address: float = Field(default=2_000.0, gt=0)
    # On shutdown /readyz fails this long before connections are refused.
    shutdown_drain_s: float = Field(default=0.5, ge=0)

    # Sign-in: how many attempts may fail in `sign_in_window_s`, and how many people may
    # register from one address in it.
    sign_in_window_s: int = Field(default=300, gt=0)
    failures_per_account_and_address: int = Field(default=10, gt=0)
    failures_per_address: int = Field(default=100, gt=0)
    failures_per_account: int = Field(default=100, gt=0)
    registrations_per_address: int = Field(default=300, gt=0)

    # The services behind it.
    mongodb_url: str = "mongodb://127.0.0.1:27117/?replicaSet=rs0"
    mongodb_database: str = "botcore"
    redis_url: str = "redis://127.0.0.1:6479/0"
    rabbitmq_url: str = "amqp://guest:guest@127.0.0.1:5772/"
    # `quorum` where the broker is a cluster; queues keep the type they were declared with.
    rabbitmq_queue_type: Literal["classic", "quorum"] = "classic"
    temporal_address: str = "127.0.0.1:7333"
    temporal_namespace: str = "default"
    temporal_ui_url: str = "http://127.0.0.1:8333"
    s3_endpoint_url: str = "http://127.0.0.1:8300"

    # The archive. Ages in days by kind of records, such as {"trades": {"hot_days": 60,
    # "archive_days": 180, "cold_days": null}}; the document's for kinds that are not named.
    archive_ages: dict[DataType, Ages] = {}
    archive_bucket: str = "botcore-archive"
    archive_storage_class: StorageClass = "GLACIER"
    # How fast, and at which price, files are retrieved from it.
    archive_retrieval_tier: RetrievalTier = "Standard"
    # A file has at most so many records; so many are written before their month is over.
    archive_file_documents: int = Field(default=1_000_000, gt=0)
    # Where files lie while they are written and read; the system's directory if empty.
    archive_spool_directory: str = ""
    archive_every_h: float = Field(default=24.0, gt=0)
    # A worker that is silent for so long is taken for dead, and its step made again.
    archive_heartbeat_s: float = Field(default=30.0, gt=0)
    # After each batch that is moved or removed the database is left alone for so many times as
    # long as the batch took: without it, trades beside it take twice as long (bench/archive.py).
    archive_rest: float = Field(default=3.0, ge=0)
    archive_restore_days: int = Field(default=7, gt=0)
    # When it is first asked whether a file was retrieved; later ever more rarely.
    archive_retrieval_poll_s: float = Field(default=60.0, gt=0)

    # The venue. Addresses are the sandbox's; `testnet` and `live` use Binance's own.
    venue: Venue = "sandbox"
    exchange_url: str = "http://127.0.0.1:8100"
    # The language model. With neither key nor address it is the sandbox model at `model_url`;
    # an address alone is a server that asks for no key.
    openai_api_key: SecretStr = SecretStr("")
    openai_base_url: str = ""
    openai_model: str = ""
    # How long one call may take; longer, and no analysis could keep its own limit.
    openai_timeout_s: float = Field(default=MODEL_TIMEOUT_S, gt=0, le=MODEL_TIMEOUT_S)
    model_url: str = "http://127.0.0.1:8200"
    # What its tokens cost, and what a user and everybody together may use of it in a day (UTC).
    openai_prompt_usd_per_million_tokens: Decimal = Field(default=Decimal("0.40"), ge=0)
    openai_completion_usd_per_million_tokens: Decimal = Field(default=Decimal("1.60"), ge=0)
    ai_tokens_per_day_per_user: int = Field(default=1_000_000, ge=0)
    ai_tokens_per_day: int = Field(default=20_000_000, ge=0)
    ai_usd_per_day_per_user: Decimal = Field(default=Decimal(1), ge=0)
    ai_usd_per_day: Decimal = Field(default=Decimal(20), ge=0)
    # The symbols to stream and trade, such as ["BTCUSDT"]; empty for all of the venue's.
    symbols: list[str] = []
    # The candles that are followed for every symbol; others are once somebody asks for them.
    timeframes: list[Timeframe] = [
        Timeframe.M1,
        Timeframe.M5,
        Timeframe.M15,
        Timeframe.H1,
        Timeframe.H4,
        Timeframe.D1,
    ]
    # Where the streaming and the trading worker show their metrics; nowhere, if the port is 0.
    streaming_metrics_host: str = "127.0.0.1"
    streaming_metrics_port: int = Field(default=0, ge=0, lt=65_536)
    trading_metrics_host: str = "127.0.0.1"
    trading_metrics_port: int = Field(default=0, ge=0, lt=65_536)

    # Where people open the API's pages, for links in notifications; from its address if empty.
    public_url: str = ""
    # Networks of our own that users' notification targets may be in, such as ["127.0.0.0/8"].
    notification_networks: list[IPvAnyNetwork] = []
    # What is more than this in a minute is told together, in a digest.
    notifications_per_minute_per_target: int = Field(default=60, gt=0)
    notifications_per_minute_per_user: int = Field(default=300, gt=0)

    log_level: str = "INFO"

    @cached_property
    def ages(self) -> dict[DataType, Ages]:
        """The ages of every kind of records."""
        return {**DOCUMENT_AGES, **self.archive_ages}

    @cached_property
    def websocket_url(self) -> str:
        """The address that clients open."""
        return self.public_ws_url or f"ws://{self.gateway_host}:{self.gateway_port}/ws"

    @cached_property
    def workflows_url(self) -> str:
        """Where operators look at workflows; a workflow's id follows."""
        return f"{self.temporal_ui_url}/namespaces/{self.temporal_namespace}/workflows"

    @cached_property
    def is_public_encrypted(self) -> bool:
        """Whether browsers reach us over TLS, as the public addresses say."""
        return self.public_url.startswith("https:") or self.public_ws_url.startswith("wss:")

    @cached_property
    def api_url(self) -> str:
        """Where the API listens, and serves the dashboard."""
        return f"http://{self.api_host}:{self.api_port}"

    @cached_property
    def dashboard_url(self) -> str:
        """Where links lead to; a path of the dashboard follows."""
        return f"{self.public_url or self.api_url}/#"

    @cached_property
    def dashboard_origins(self) -> list[str]:
        """The origins of the dashboard: where the API listens, and where the public finds it.

        A proxy has both the dashboard and the gateway under its name.
        """
        hosts = {self.api_host, "127.0.0.1", "localhost"}
        public = [urlsplit(url) for url in (self.public_url, self.public_ws_url) if url]
        return [f"http://{host}:{self.api_port}" for host in hosts] + [
            f"{_PAGE_SCHEMES.get(url.scheme, url.scheme)}://{url.netloc}" for url in public
        ]

    @cached_property
    def uses_sandbox_model(self) -> bool:
        """Whether the sandbox model is asked in the place of a real one."""
        return not (self.openai_api_key.get_secret_value() or self.openai_base_url)

    @cached_property
    def model_base_url(self) -> str:
        """The address of the model's API, with its version."""
        if self.uses_sandbox_model:
            return f"{self.model_url}/v1"
        return self.openai_base_url or _OPENAI_URL

    @cached_property
    def model_name(self) -> str:
        """The model that is asked."""
        default = _SANDBOX_MODEL if self.uses_sandbox_model else _OPENAI_MODEL
        return self.openai_model or default

    @cached_property
    def exchange_ws_url(self) -> str:
        """The sandbox exchange's WebSocket address, from its HTTP one."""
        parts = urlsplit(self.exchange_url)
        return f"{'wss' if parts.scheme == 'https' else 'ws'}://{parts.netloc}"

    @property
    def venue_url(self) -> str | None:
        """The venue's address, or None for Binance's own."""
        return self.exchange_url if self.venue == "sandbox" else None

    @property
    def venue_ws_url(self) -> str | None:
        """The venue's WebSocket address, or None for Binance's own."""
        return self.exchange_ws_url if self.venue == "sandbox" else None

    @property
    def is_testnet(self) -> bool:
        """Whether Binance's own addresses are those of its testnet."""
        return self.venue == "testnet"
