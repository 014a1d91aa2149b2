"""What other services and the user hear of a paper session.

Events and frames are those of real trades, with the same routing keys and types, and with
`session_id` in their data: who does not want to hear of paper skips what has one.
"""

from dataclasses import replace
from typing import Any

from domain.events import SESSION_BROKEN, DomainEvent, PrivateFrame
from domain.paper.state import PaperTrade, SessionState, SessionStatus
from domain.paper.views import paper_trade_view
from domain.paper_messages import PaperRecord
from domain.positions import Position
from domain.trade_events import account_view, denial_event, event_of, message_id, order_frame
from domain.trade_view import position_view


def events_of(record: PaperRecord) -> list[DomainEvent]:
    """Return what is published: ends of trades, denials, and a session that broke."""
    session_id = record.session.session_id
    found = [event_of(paper.trade) for paper in record.trades]
    events = [event for event in found if event is not None]
    events += [denial_event(each.order, each.denial, each.at) for each in record.denials]
    marked = [replace(event, data=event.data | {"session_id": session_id}) for event in events]
    return [*marked, *_broken(record.session)]


def _broken(session: SessionState) -> list[DomainEvent]:
    if session.status is not SessionStatus.BROKEN:
        return []
    data = {
        "session_id": session.session_id,
        "user_id": session.user_id,
        "reason": session.status_reason,
    }
    identity = message_id(f"{session.session_id}:{session.generation}", SESSION_BROKEN)
    return [DomainEvent(SESSION_BROKEN, identity, data, session.updated_at)]


def frames_of(record: PaperRecord) -> list[PrivateFrame]:
    """Return the private frames: each order and position that changed, and the account."""
    session = record.session
    frames = [_order(paper) for paper in record.trades]
    frames += [_position(session, each, record.revision) for each in record.positions]
    if record.trades or not record.denials:
        account: dict[str, Any] = account_view(session.account)
        account |= {"session_id": session.session_id, "status": str(session.status)}
        identity = f"paper:{session.session_id}:{record.revision}"
        frames.append(PrivateFrame("account_update", account, identity, session.updated_at))
    return frames


def _order(paper: PaperTrade) -> PrivateFrame:
    identity, _ = order_frame(paper.trade)
    data = {"order_id": paper.trade_id, **paper_trade_view(paper)}
    return PrivateFrame("order_update", data, identity, paper.trade.updated_at)


def _position(session: SessionState, position: Position, revision: int) -> PrivateFrame:
    market = session.markets.get(position.symbol)
    worth = session.marks.get(market.rules.base_asset) if market else None
    price = worth / market.rate if market and worth is not None and market.rate else None
    data = position_view(position, price) | {"session_id": session.session_id}
    identity = f"paper-position:{position.position_id}:{revision}"
    return PrivateFrame("position_update", data, identity, session.updated_at)
