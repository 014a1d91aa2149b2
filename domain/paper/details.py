"""A session in a few lines, for operators who look at its workflow."""

from decimal import Decimal

from domain.paper.state import SessionState, equity_of


def details(state: SessionState) -> str:
    """Return what an operator reads first, in Markdown."""
    quote = state.settings.quote_asset
    worth = equity_of(state)
    equity = "unknown" if worth is None else _plain(worth)
    balance = f"{_plain(state.account.balance(quote).total)} {quote}"
    lines = [
        f"**{state.status}** {state.name or state.session_id}, generation {state.generation}",
        f"balance {balance}, equity {equity}, realised {_plain(state.realized_pnl)}",
        f"{state.trade_count} orders, {len(state.open_trades)} open",
    ]
    if state.status_reason:
        lines.insert(1, state.status_reason)
    lines += [
        f"holds {_plain(held.quantity)} {held.symbol} at {_plain(held.entry_price)}"
        for held in state.account.open_positions
    ]
    last = state.last_trade
    if last is not None:
        intent = last.trade.order.intent
        lines.append(
            f"last {last.trade.status} {intent.side} {_plain(last.trade.executed_quantity)} "
            f"{intent.symbol} at {last.trade.executed_price or 'no price yet'}"
        )
    return "  \n".join(lines)


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"
