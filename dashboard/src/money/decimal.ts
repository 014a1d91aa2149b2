declare const exact: unique symbol;
export type Decimal = string & { readonly [exact]: true };
